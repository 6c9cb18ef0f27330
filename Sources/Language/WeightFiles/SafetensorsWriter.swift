import JSONDocuments
package import Tensors

/// A tensor to be written: what its header entry says, and where its bytes come from.
package struct TensorToWrite {
    package var name: String
    package var type: ElementType
    package var shape: [Int]
    /// Hands out the bytes in pieces, so that a converted tensor never exists as a whole.
    package let bytes: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    package var byteCount: Int { shape.reduce(type.byteCount, *) }

    /// A float32 tensor, rounded to nearest even when a smaller type is asked for.
    package init(name: String, tensor: Tensor, storedAs type: WeightFormat = .float32) {
        self.init(name: name, type: ElementType(type), shape: tensor.shape) { append in
            guard type != .float32 else {
                return try tensor.withUnsafeBufferPointer { try append(UnsafeRawBufferPointer($0)) }
            }
            try Weight.narrowedBytes(tensor, to: type).withUnsafeBytes { try append($0) }
        }
    }

    /// A weight as it is stored, or converted when another type is asked for; packed formats become float32.
    package init(weight: Weight, name: String? = nil, storedAs type: WeightFormat? = nil) {
        let format = type ?? weight.format ?? .float32
        self.init(name: name ?? weight.name, type: ElementType(format), shape: weight.shape) { append in
            if format == weight.format {
                try weight.withElements { _, bytes in try append(bytes) }
            } else {
                try Self.convert(weight, to: format, append)
            }
        }
    }

    /// Tensors of one type that lie behind each other in a larger one.
    package init(name: String, shape: [Int], storedAs type: WeightFormat, joining parts: [TensorToWrite]) {
        self.init(name: name, type: ElementType(type), shape: shape) { append in
            for part in parts { try part.bytes(append) }
        }
    }

    /// Converts some rows at a time.
    private static func convert(
        _ weight: Weight, to format: WeightFormat, _ append: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let step = max(1, convertedAtOnce / max(1, weight.columns))
        for start in stride(from: 0, to: weight.rows, by: step) {
            let rows = start..<min(start + step, weight.rows)
            let numbers = Tensor(uninitialized: [rows.count, weight.columns])
            try weight.widen(rows: rows, into: numbers)
            try Weight.narrowedBytes(numbers, to: format).withUnsafeBytes { try append($0) }
        }
    }

    private static let convertedAtOnce = 1 << 20

    /// Codes of one byte each.
    package init(name: String, tensor: ByteTensor) {
        self.init(name: name, type: .unsigned8, shape: tensor.shape) { append in
            try tensor.withUnsafeMutableBufferPointer { try append(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Bytes that are already in the stored type.
    package init(name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
        self.init(name: name, type: type, shape: shape) { append in try bytes.withUnsafeBytes { try append($0) } }
    }

    /// A tensor that is made when it is written, and not before.
    ///
    /// - Parameter bytes: gives exactly what the shape needs to `append`, in order
    package init(
        name: String, type: ElementType, shape: [Int],
        bytes: @escaping (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) {
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }
}

/// Writes the safetensors format in the order and with the padding of the format's own library.
package enum SafetensorsWriter {
    /// What Hugging Face's loaders look for in the metadata.
    package static let metadata = ["format": "pt"]

    /// Gives a file's bytes to `append`, in order.
    package static func write(
        _ tensors: [TensorToWrite], metadata: [String: String] = metadata,
        append: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let ordered = order(tensors)
        try header(ordered, metadata).withUnsafeBytes { try append($0) }
        for tensor in ordered { try tensor.bytes { piece in if !piece.isEmpty { try append(piece) } } }
    }

    /// A whole file in memory, for small ones.
    package static func bytes(_ tensors: [TensorToWrite], metadata: [String: String] = metadata) throws -> [UInt8] {
        var result: [UInt8] = []
        try write(tensors, metadata: metadata) { result.append(contentsOf: $0) }
        return result
    }

    /// Largest alignment first, then by name, so that every tensor is aligned by itself.
    private static func order(_ tensors: [TensorToWrite]) -> [TensorToWrite] {
        tensors.sorted { left, right in
            left.type != right.type ? left.type > right.type : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
    }

    /// Length field and header, filled up with blanks to a multiple of 8 bytes.
    private static func header(_ tensors: [TensorToWrite], _ metadata: [String: String]) -> [UInt8] {
        var object = JSONObject()
        if !metadata.isEmpty {
            let entries = metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue.string($0.value)) }
            object["__metadata__"] = .object(JSONObject(entries))
        }
        var offset = 0
        for tensor in tensors {
            object[tensor.name] = .object([
                "dtype": .string(tensor.type.rawValue),
                "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
                "data_offsets": [.integer(Int64(offset)), .integer(Int64(offset + tensor.byteCount))],
            ])
            offset += tensor.byteCount
        }
        var text = JSONValue.object(object).serializedBytes(.compact)
        while !text.count.isMultiple(of: 8) { text.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }
}
