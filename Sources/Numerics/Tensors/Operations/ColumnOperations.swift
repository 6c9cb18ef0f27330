extension Tape {
    /// The columns of several matrices side by side: `(rows, sum of columns)`.
    package func joinedColumns(_ parts: [Variable]) throws -> Variable {
        let rows = parts.first?.value.rows ?? 0
        if let other = parts.first(where: { $0.value.rows != rows }) {
            throw TensorError.shapeMismatch(operation: "joinedColumns", expected: [rows], actual: other.shape)
        }
        let widths = parts.map(\.value.columns)
        let width = widths.reduce(0, +)
        let result = Tensor(uninitialized: [rows, width])
        var start = 0
        for (part, count) in zip(parts, widths) {
            let (from, to, first) = (part.value.pointer, result.pointer, start)
            ComputePool.shared.forEachBlock(rows, atMost: max(1, Elementwise.block / max(1, width))) { range in
                for row in range { (to + (row * width + first)).update(from: from + row * count, count: count) }
            }
            start += count
        }
        let slots = parts.map(\.slot)
        return record(result, needed: parts.contains(where: \.needsGradient)) { tape, gradient in
            var start = 0
            for (slot, count) in zip(slots, widths) {
                defer { start += count }
                guard slot != nil else { continue }
                let piece = Tensor(uninitialized: [rows, count])
                let (from, to, first) = (gradient.pointer, piece.pointer, start)
                ComputePool.shared.forEachBlock(rows, atMost: max(1, Elementwise.block / max(1, width))) { range in
                    for row in range { (to + row * count).update(from: from + (row * width + first), count: count) }
                }
                tape.accumulate(piece, into: slot)
            }
        }
    }

    /// Heads of `x` in the order of `heads`, in which one may be named several times.
    package func heads(_ heads: [Int], of x: Variable, headSize: Int) throws -> Variable {
        let count = x.value.columns / max(1, headSize)
        if let bad = heads.first(where: { $0 < 0 || $0 >= count }) {
            throw TensorError.indexOutOfRange(operation: "heads", index: bad, limit: count)
        }
        return try columns(heads.flatMap { $0 * headSize..<($0 + 1) * headSize }, of: x)
    }

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
                    for (at, column) in order.enumerated() { to[row * width + column] += from[row * count + at] }
                }
            }
            tape.accumulate(spread, into: slot)
        }
    }
}
