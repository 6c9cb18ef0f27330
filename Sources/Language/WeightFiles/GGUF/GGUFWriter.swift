import Tensors

/// A tensor to be written into a GGUF file.
package struct GGUFTensorToWrite {
    package var name: String
    package var type: GGUFTensorType
    /// The last dimension being that of neighbours.
    package var shape: [Int]
    /// Hands out the bytes in pieces.
    let bytes: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    var byteCount: Int { type.byteCount(shape.reduce(1, *)) }

    /// Tensors of one shape behind one another, converted piece by piece.
    ///
    /// - Parameters:
    ///   - parts: their types are numbers that stand for themselves
    ///   - shape: that of the whole
    ///   - rowOrder: the row of a part that comes to a place; nil where rows stay
    ///   - offset: added to every number
    package init(
        name: String, type: GGUFTensorType, parts: [TensorToWrite], shape: [Int], rowOrder: ((Int) -> Int)? = nil,
        adding offset: Float = 0
    ) {
        self.name = name
        self.type = type
        self.shape = shape
        bytes = { append in
            for part in parts {
                var converter = TensorConverter(from: part.type, to: type, adding: offset)
                if let rowOrder {
                    // The rows of a vector are its elements.
                    let columns = shape.count < 2 ? 1 : shape.last ?? 1
                    let rows = part.shape.reduce(1, *) / columns
                    let whole = try part.wholeBytes()
                    let line = columns * part.type.byteCount
                    for row in 0..<rows {
                        let start = rowOrder(row) * line
                        try whole[start..<start + line].withUnsafeBytes { try converter.take($0, append) }
                    }
                } else {
                    try part.bytes { try converter.take($0, append) }
                }
                try converter.finish(append)
            }
        }
    }

    /// Float32 numbers.
    package init(name: String, numbers: [Float]) {
        self.name = name
        type = .float32
        shape = [numbers.count]
        bytes = { append in try numbers.withUnsafeBytes { try append($0) } }
    }
}

extension TensorToWrite {
    fileprivate func wholeBytes() throws -> [UInt8] {
        var whole: [UInt8] = []
        whole.reserveCapacity(byteCount)
        try bytes { whole.append(contentsOf: $0) }
        return whole
    }
}

/// Turns a stream of stored numbers into a stream of another type, a bounded number at a time.
private struct TensorConverter {
    /// A multiple of every type's block.
    private static let chunk = 1 << 16
    private let source: ElementType
    private let target: GGUFTensorType
    private let offset: Float
    private var pending: [UInt8] = []

    init(from source: ElementType, to target: GGUFTensorType, adding offset: Float) {
        self.source = source
        self.target = target
        self.offset = offset
    }

    private var copies: Bool { offset == 0 && target.weightFormat != nil && source.weightFormat == target.weightFormat }

    mutating func take(_ bytes: UnsafeRawBufferPointer, _ append: (UnsafeRawBufferPointer) throws -> Void) throws {
        if copies { return try append(bytes) }
        var rest = bytes[...]
        let whole = Self.chunk * source.byteCount
        while !rest.isEmpty {
            let some = rest.prefix(whole - pending.count)
            pending.append(contentsOf: some)
            rest = rest.dropFirst(some.count)
            if pending.count == whole { try finish(append) }
        }
    }

    mutating func finish(_ append: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard !pending.isEmpty else { return }
        guard let format = source.weightFormat else {
            throw WeightFileError.notNumbers(type: source)
        }
        let values = try Weight(
            name: "piece", format: format, shape: [pending.count / format.byteCount], copying: pending
        ).widened()
        if offset != 0 { for index in 0..<values.count { values[index] += offset } }
        try target.bytes(of: values).withUnsafeBytes { try append($0) }
        pending.removeAll(keepingCapacity: true)
    }
}

/// Writes the GGUF format, version 3, in little-endian order.
package enum GGUFWriter {
    /// Gives a file's bytes to `append`, in order.
    ///
    /// - Parameter metadata: in the order in which it is to be written
    package static func write(
        metadata: [(key: String, value: GGUFValue)], tensors: [GGUFTensorToWrite],
        append: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var header = GGUFHeaderBytes()
        header.add(GGUFHeader.magic)
        header.add(GGUFHeader.version)
        header.add(UInt64(tensors.count))
        header.add(UInt64(metadata.count))
        for (key, value) in metadata {
            header.add(key)
            header.add(value)
        }
        var offset = 0
        for tensor in tensors {
            header.add(tensor.name)
            header.add(UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { header.add(UInt64(size)) }
            header.add(tensor.type.rawValue)
            header.add(UInt64(offset))
            offset = aligned(offset + tensor.byteCount)
        }
        header.add(padding(header.bytes.count))
        try header.bytes.withUnsafeBytes { try append($0) }
        for tensor in tensors {
            var written = 0
            try tensor.bytes { piece in
                written += piece.count
                if !piece.isEmpty { try append(piece) }
            }
            guard written == tensor.byteCount else {
                throw TensorError.byteCountMismatch(
                    name: tensor.name, shape: tensor.shape, expected: tensor.byteCount, actual: written)
            }
            try padding(written).withUnsafeBytes { if !$0.isEmpty { try append($0) } }
        }
    }

    private static func aligned(_ position: Int) -> Int { GGUFHeader.aligned(position, GGUFHeader.defaultAlignment) }

    private static func padding(_ position: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: aligned(position) - position)
    }
}

private struct GGUFHeaderBytes {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ more: [UInt8]) { bytes += more }

    mutating func add(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func add(_ type: GGUFValueType) { add(type.rawValue) }

    private mutating func addList(_ type: GGUFValueType, _ count: Int) {
        add(.array)
        add(type)
        add(UInt64(count))
    }

    mutating func add(_ value: GGUFValue) {
        switch value {
        case .unsigned(let number):
            add(.uint32)
            add(number)
        case .float(let number):
            add(.float32)
            add(number.bitPattern)
        case .flag(let flag):
            add(.bool)
            add(UInt8(flag ? 1 : 0))
        case .text(let text):
            add(.string)
            add(text)
        case .texts(let texts):
            addList(.string, texts.count)
            for text in texts { add(text) }
        case .integers(let numbers):
            addList(.int32, numbers.count)
            for number in numbers { add(number) }
        case .floats(let numbers):
            addList(.float32, numbers.count)
            for number in numbers { add(number.bitPattern) }
        case .wide(let number):
            add(.int64)
            add(number)
        case .wideList(let numbers):
            addList(.int64, numbers.count)
            for number in numbers { add(number) }
        case .double(let number):
            add(.float64)
            add(number.bitPattern)
        case .doubles(let numbers):
            addList(.float64, numbers.count)
            for number in numbers { add(number.bitPattern) }
        case .flags(let flags):
            addList(.bool, flags.count)
            for flag in flags { add(UInt8(flag ? 1 : 0)) }
        }
    }
}
