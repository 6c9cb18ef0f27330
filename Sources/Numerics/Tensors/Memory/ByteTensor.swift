/// A dense array of bytes, row-major, in pooled memory: what `Tensor` is for numbers kept in few bits.
package final class ByteTensor: @unchecked Sendable {
    // Sendable by the rule that whoever writes a tensor is its only user at that time.
    package let shape: [Int]
    package let count: Int
    private let memory: Tensor

    init(uninitialized shape: [Int]) {
        self.shape = shape
        count = shape.reduce(1, *)
        memory = Tensor(uninitialized: [(count + 3) / 4])
    }

    /// Valid as long as the tensor is kept.
    var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(memory.pointer) }

    package init(zeros shape: [Int]) {
        self.shape = shape
        count = shape.reduce(1, *)
        memory = Tensor(uninitialized: [(count + 3) / 4])
        if !Rehearsal.isActive { bytes.update(repeating: 0) }
    }

    /// - Throws: `TensorError.byteCountMismatch` when `source` has not as many bytes as `shape` elements
    package init(copying source: UnsafeRawBufferPointer, shape: [Int], name: String) throws {
        self.shape = shape
        count = shape.reduce(1, *)
        guard source.count == count else {
            throw TensorError.byteCountMismatch(name: name, shape: shape, expected: count, actual: source.count)
        }
        memory = Tensor(uninitialized: [(count + 3) / 4])
        if !Rehearsal.isActive { UnsafeMutableRawBufferPointer(bytes).copyMemory(from: source) }
    }

    private var bytes: UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableBufferPointer(
            start: UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: UInt8.self), count: count)
    }

    package var array: [UInt8] { Array(bytes) }

    /// For `Optimizers` and `WeightFiles`, which hand the memory to C or to files.
    package func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(memory) { try body(bytes) }
    }
}
