import Glibc

/// A dense float32 array, row-major, in pooled 64-byte aligned memory.
///
/// A reference: two names for one tensor see each other's writes. Operations never write into their arguments;
/// the optimizer writes into `Parameter.value` in place.
package final class Tensor: @unchecked Sendable {
    // Sendable by the rule that whoever writes a tensor is its only user at that time.
    package let shape: [Int]
    package let count: Int
    let storage: Storage

    /// Memory with whatever was in it before.
    package init(uninitialized shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "negative size in shape \(shape)")
        self.shape = shape
        count = shape.reduce(1, *)
        storage = Storage(count: count)
        Rehearsal.current?.noteWritten(bytes: byteCount)
    }

    private init(sharing storage: Storage, shape: [Int]) {
        self.shape = shape
        count = shape.reduce(1, *)
        self.storage = storage
    }

    package convenience init(zeros shape: [Int]) {
        self.init(uninitialized: shape)
        fill(0)
    }

    /// - Throws: `TensorError.shapeMismatch` when `values` does not have as many elements as `shape`.
    package convenience init(_ values: [Float], shape: [Int]) throws {
        guard values.count == shape.reduce(1, *) else {
            throw TensorError.shapeMismatch(operation: "Tensor", expected: shape, actual: [values.count])
        }
        self.init(uninitialized: shape)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.update(from: base, count: count) }
        }
    }

    package convenience init(_ values: [Float]) {
        self.init(uninitialized: [values.count])
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.update(from: base, count: count) }
        }
    }

    var pointer: UnsafeMutablePointer<Float> { storage.floats }

    /// Size of the last dimension; 1 for a scalar.
    package var columns: Int { shape.last ?? 1 }

    /// Product of all dimensions but the last.
    package var rows: Int { shape.dropLast().reduce(1, *) }

    package var byteCount: Int { count * MemoryLayout<Float>.stride }

    /// The elements, copied out in row-major order.
    package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    package subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index \(index) outside a tensor of \(count) elements")
            return pointer[index]
        }
        set {
            precondition(index >= 0 && index < count, "index \(index) outside a tensor of \(count) elements")
            pointer[index] = newValue
        }
    }

    /// One row of the tensor seen as a matrix of `rows` by `columns`, copied out.
    package func row(_ index: Int) -> [Float] {
        precondition(index >= 0 && index < rows, "row \(index) outside a tensor of \(rows) rows")
        return Array(UnsafeBufferPointer(start: pointer + index * columns, count: columns))
    }

    package func withSpan<Result>(_ body: (Span<Float>) throws -> Result) rethrows -> Result {
        try body(UnsafeBufferPointer(start: pointer, count: count).span)
    }

    package func withMutableSpan<Result>(_ body: (inout MutableSpan<Float>) throws -> Result) rethrows -> Result {
        var span = UnsafeMutableBufferPointer(start: pointer, count: count).mutableSpan
        return try body(&span)
    }

    /// For `Optimizers` and `WeightFiles`, which hand the memory to C.
    package func withUnsafeBufferPointer<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeBufferPointer(start: pointer, count: count)) }
    }

    /// For `Optimizers` and `WeightFiles`, which hand the memory to C.
    package func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeMutableBufferPointer(start: pointer, count: count)) }
    }

    package func fill(_ value: Float) {
        if !Rehearsal.isActive { pointer.update(repeating: value, count: count) }
    }

    package func copy() -> Tensor {
        let result = Tensor(uninitialized: shape)
        if !Rehearsal.isActive { result.pointer.update(from: pointer, count: count) }
        return result
    }

    /// The same memory under another shape of equal size.
    package func reshaped(_ shape: [Int]) throws -> Tensor {
        guard shape.reduce(1, *) == count else {
            throw TensorError.shapeMismatch(operation: "reshaped", expected: shape, actual: self.shape)
        }
        return Tensor(sharing: storage, shape: shape)
    }
}
