extension Tape {
    /// Some columns of `x`, such as one part of a fused projection: `(rows, range.count)`.
    package func columns(_ range: Range<Int>, of x: Variable) throws -> Variable {
        let width = x.value.columns
        guard range.lowerBound >= 0, range.upperBound <= width else {
            throw TensorError.indexOutOfRange(operation: "columns", index: range.upperBound, limit: width)
        }
        return try columns(Array(range), of: x)
    }

    /// Columns of `x` in another order: each head's even elements, then its odd ones, for the first `rotated` of them.
    ///
    /// A rotation that pairs neighbours becomes one that pairs halves; products of queries and keys stay the same when
    /// both are reordered.
    package func halvesOfNeighbours(_ x: Variable, headSize: Int, rotated: Int) throws -> Variable {
        let head =
            Array(stride(from: 0, to: rotated, by: 2)) + Array(stride(from: 1, to: rotated, by: 2))
            + Array(rotated..<headSize)
        let heads = x.value.columns / max(1, headSize)
        return try columns((0..<heads).flatMap { at in head.map { at * headSize + $0 } }, of: x)
    }

    private func columns(_ order: [Int], of x: Variable) throws -> Variable {
        let (rows, width, count) = (x.value.rows, x.value.columns, order.count)
        let result = Tensor(uninitialized: [rows, count])
        let (from, to) = (x.value.pointer, result.pointer)
        let block = max(1, Elementwise.block / max(1, count))
        ComputePool.shared.forEachBlock(rows, atMost: block) { range in
            for row in range {
                for (at, column) in order.enumerated() { to[row * count + at] = from[row * width + column] }
            }
        }
        let (slot, shape) = (x.slot, x.shape)
        return record(result, needed: x.needsGradient) { tape, gradient in
            let spread = Tensor(zeros: shape)
            let (from, to) = (gradient.pointer, spread.pointer)
            ComputePool.shared.forEachBlock(rows, atMost: block) { range in
                for row in range {
                    for (at, column) in order.enumerated() { to[row * width + column] = from[row * count + at] }
                }
            }
            tape.accumulate(spread, into: slot)
        }
    }
}
