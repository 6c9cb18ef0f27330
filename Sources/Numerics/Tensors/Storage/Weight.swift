import Glibc
import Synchronization

/// A type of number that weights are stored in one by one.
package enum WeightFormat: String, Sendable, CaseIterable {
    case float32, bfloat16, float16

    package var byteCount: Int { element.byteCount }

    /// The nearest number that the type has, ties to even.
    package func rounded(_ number: Float) -> Float {
        withUnsafeTemporaryAllocation(byteCount: 4, alignment: 4) { bytes in
            guard let base = bytes.baseAddress else { return number }
            var result: Float = 0
            withUnsafePointer(to: number) { element.narrow($0, 1, into: base) }
            withUnsafeMutablePointer(to: &result) { element.widen(base, 1, into: $0) }
            return result
        }
    }

    var element: any DenseElement.Type {
        switch self {
        case .float32: Float32Element.self
        case .bfloat16: BFloat16Element.self
        case .float16: Float16Element.self
        }
    }
}

/// A frozen tensor as it is stored; its rows become float32 only on the way into a product.
package final class Weight: Sendable {
    package let name: String
    package let storage: any WeightStorage
    /// A vector's numbers, widened when first asked for: every pass over the model reads them all.
    private let vector = Mutex<Tensor?>(nil)

    package init(name: String, storage: any WeightStorage) {
        self.name = name
        self.storage = storage
    }

    /// - Parameters:
    ///   - bytes: row-major elements; they must stay readable as long as `owner` lives.
    ///   - owner: what keeps `bytes` mapped.
    /// - Throws: `TensorError.byteCountMismatch` when the bytes are not exactly what the shape needs.
    package convenience init(
        name: String, format: WeightFormat, shape: [Int], bytes: UnsafeRawBufferPointer, owner: AnyObject
    ) throws {
        let count = try Weight.elementCount(of: shape, name: name)
        guard bytes.count == count * format.byteCount, let base = bytes.baseAddress else {
            throw TensorError.byteCountMismatch(
                name: name, shape: shape, expected: count * format.byteCount, actual: bytes.count)
        }
        self.init(name: name, storage: format.element.storage(shape: shape, bytes: base, owner: owner))
    }

    /// A weight that owns its memory: the tensor's elements, not copied.
    package convenience init(name: String, tensor: Tensor) {
        self.init(
            name: name,
            storage: Float32Element.storage(
                shape: tensor.shape, bytes: UnsafeRawPointer(tensor.pointer), owner: tensor))
    }

    /// A weight of the given storage type with its own copy of `bytes`.
    package convenience init(name: String, format: WeightFormat, shape: [Int], copying bytes: [UInt8]) throws {
        let tensor = Tensor(uninitialized: [(bytes.count + 3) / 4])
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress, !Rehearsal.isActive { memcpy(tensor.pointer, base, source.count) }
        }
        try self.init(
            name: name, format: format, shape: shape,
            bytes: UnsafeRawBufferPointer(start: tensor.pointer, count: bytes.count), owner: tensor)
    }

    private static func elementCount(of shape: [Int], name: String) throws -> Int {
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow, product < Int.max / 8 else {
                throw TensorError.invalidArgument(
                    operation: "weight \(name)", name: "shape", value: "\(shape)", expected: "sizes that fit in memory")
            }
            count = product
        }
        return count
    }

    package var shape: [Int] { storage.shape }
    package var count: Int { shape.reduce(1, *) }
    /// Size of the last dimension; 1 for a scalar.
    package var columns: Int { storage.columns }
    /// Product of all dimensions but the last.
    package var rows: Int { storage.rows }
    package var byteCount: Int { storage.byteCount }
    /// The type of its elements; nil where they are packed in groups.
    package var format: WeightFormat? { storage.dense?.format }

    /// The stored elements, for writing the weight unchanged into another file; nil where they are packed in groups.
    package func withElements<Result>(
        _ body: (WeightFormat, UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result? {
        guard let dense = storage.dense else { return nil }
        return try withExtendedLifetime(self) {
            try body(dense.format, UnsafeRawBufferPointer(start: dense.bytes, count: byteCount))
        }
    }

    /// Some rows (of the weight seen as a matrix) as a weight of its own, in the same memory.
    ///
    /// - Throws: `TensorError` for rows that are not there, and for numbers that are packed in groups
    package func rows(_ range: Range<Int>, name: String) throws -> Weight {
        guard range.lowerBound >= 0, range.upperBound <= rows else {
            throw TensorError.indexOutOfRange(operation: "rows of \(self.name)", index: range.upperBound, limit: rows)
        }
        guard let dense = storage.dense else {
            throw TensorError.invalidArgument(
                operation: "rows of \(self.name)", name: "storage", value: "packed", expected: "one number each")
        }
        let element = dense.format.element
        return Weight(
            name: name,
            storage: element.storage(
                shape: [range.count, columns],
                bytes: dense.bytes + range.lowerBound * columns * element.byteCount, owner: self))
    }

    /// Widens rows `rows` (of the weight seen as a matrix) into the front of `destination`.
    package func widen(rows range: Range<Int>, into destination: Tensor) throws {
        guard range.lowerBound >= 0, range.upperBound <= rows else {
            throw TensorError.indexOutOfRange(operation: "widen", index: range.upperBound, limit: rows)
        }
        guard destination.count >= range.count * columns else {
            throw TensorError.shapeMismatch(
                operation: "widen", expected: [range.count, columns], actual: destination.shape)
        }
        storage.widen(rows: range, columns: 0..<columns, into: destination.pointer)
    }

    /// A vector's numbers as float32, made once and shared: not to be written to.
    var sharedNumbers: Tensor {
        vector.withLock { vector in
            if let vector { return vector }
            let fresh = widened()
            vector = fresh
            return fresh
        }
    }

    /// The whole weight as float32.
    package func widened() -> Tensor {
        let result = Tensor(uninitialized: shape)
        let width = columns
        if rows == 1 {
            // A long vector is cut at multiples of its grain.
            let block = max(storage.columnGrain, (1 << 16) / storage.columnGrain * storage.columnGrain)
            ComputePool.shared.forEachBlock(width, atMost: block) { range in
                storage.widen(rows: 0..<1, columns: range, into: result.pointer + range.lowerBound)
            }
            return result
        }
        ComputePool.shared.forEachBlock(rows, atMost: max(1, (1 << 16) / max(1, width))) { range in
            storage.widen(rows: range, columns: 0..<width, into: result.pointer + range.lowerBound * width)
        }
        return result
    }

    /// `values` rounded to nearest even into the bytes of `format`, for writing files.
    package static func narrowedBytes(_ values: Tensor, to format: WeightFormat) -> [UInt8] {
        let count = values.count * format.byteCount
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                format.element.narrow(values.pointer, values.count, into: UnsafeMutableRawPointer(base))
            }
            initialized = count
        }
    }

    /// `values` with every number the nearest that `format` has.
    package static func rounded(_ values: Tensor, to format: WeightFormat) -> Tensor {
        let result = Tensor(uninitialized: values.shape)
        narrowedBytes(values, to: format).withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { format.element.widen(base, values.count, into: result.pointer) }
        }
        return result
    }
}
