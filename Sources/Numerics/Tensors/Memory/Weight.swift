import Glibc

/// How a weight's numbers are stored.
package enum WeightFormat: String, Sendable, CaseIterable {
    case float32, bfloat16, float16

    package var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// A frozen tensor exactly as it lies on disk; its rows become float32 only on the way into a product.
///
/// Keeps `owner` (the mapped file) alive. Nothing ever writes through it.
package final class Weight: @unchecked Sendable {
    // Sendable because the bytes are read-only for the life of the owner.
    package let name: String
    package let format: WeightFormat
    package let shape: [Int]
    package let count: Int
    let bytes: UnsafeRawPointer
    private let owner: AnyObject

    /// - Parameters:
    ///   - bytes: row-major elements; they must stay readable as long as `owner` lives.
    ///   - owner: what keeps `bytes` mapped.
    /// - Throws: `TensorError.byteCountMismatch` when the bytes are not exactly what the shape needs.
    package init(
        name: String, format: WeightFormat, shape: [Int], bytes: UnsafeRawBufferPointer, owner: AnyObject
    ) throws {
        let count = try Weight.elementCount(of: shape, name: name)
        guard bytes.count == count * format.byteCount, let base = bytes.baseAddress else {
            throw TensorError.byteCountMismatch(
                name: name, shape: shape, expected: count * format.byteCount, actual: bytes.count)
        }
        self.name = name
        self.format = format
        self.shape = shape
        self.count = count
        self.bytes = base
        self.owner = owner
    }

    /// A weight that owns its memory: the tensor's elements, not copied.
    package init(name: String, tensor: Tensor) {
        self.name = name
        format = .float32
        shape = tensor.shape
        count = tensor.count
        bytes = UnsafeRawPointer(tensor.pointer)
        owner = tensor
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

    /// Size of the last dimension; 1 for a scalar.
    package var columns: Int { shape.last ?? 1 }

    /// Product of all dimensions but the last.
    package var rows: Int { shape.dropLast().reduce(1, *) }

    package var byteCount: Int { count * format.byteCount }

    /// The stored bytes, for writing the weight unchanged into another file.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(owner) { try body(UnsafeRawBufferPointer(start: bytes, count: byteCount)) }
    }

    /// Widens elements `start ..< start + count` into `destination`.
    func widen(from start: Int, count: Int, into destination: UnsafeMutablePointer<Float>) {
        Loops.widen(format, bytes + start * format.byteCount, count, into: destination)
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
        widen(from: range.lowerBound * columns, count: range.count * columns, into: destination.pointer)
    }

    /// The whole weight as float32.
    package func widened() -> Tensor {
        let result = Tensor(uninitialized: shape)
        ComputePool.shared.forEachBlock(count, atMost: 1 << 16) { range in
            widen(from: range.lowerBound, count: range.count, into: result.pointer + range.lowerBound)
        }
        return result
    }

    /// `values` rounded to nearest even into the bytes of `format`, for writing files.
    package static func narrowedBytes(_ values: Tensor, to format: WeightFormat) -> [UInt8] {
        let count = values.count * format.byteCount
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                Loops.narrow(values.pointer, values.count, to: format, into: UnsafeMutableRawPointer(base))
            }
            initialized = count
        }
    }
}
