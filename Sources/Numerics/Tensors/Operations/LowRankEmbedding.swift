/// A trainable low-rank pair beside a token embedding: token `t` gets `scaling * b * a[:, t]` on top of its row.
package final class LowRankEmbedding: Sendable {
    /// `(rank, vocabulary)`
    package let a: Parameter
    /// `(hidden, rank)`
    package let b: Parameter
    package let scaling: Float

    package init(a: Parameter, b: Parameter, scaling: Float) throws {
        guard a.shape.count == 2, b.shape.count == 2, a.shape[0] == b.shape[1] else {
            throw TensorError.shapeMismatch(operation: "low-rank embedding", expected: a.shape, actual: b.shape)
        }
        self.a = a
        self.b = b
        self.scaling = scaling
    }

    package var rank: Int { a.shape[0] }
    package var parameters: [Parameter] { [a, b] }

    /// The table with the pair inside it: the same function without it.
    ///
    /// - Parameter table: `(vocabulary, hidden)`
    package func folded(into table: Tensor) throws -> Tensor {
        let (result, across) = (table.copy(), Tensor(uninitialized: [rank, b.shape[0]]))
        Columns.gather(b.value, Array(0..<rank), into: across)
        try Products.addTransposedProduct(
            a.value.pointer, m: rank, n: table.rows, across.pointer, k: table.columns, alpha: scaling,
            into: result.pointer)
        return result
    }
}

extension Tape {
    /// Rows `ids` of `table (vocabulary, hidden)` with what `branch` adds to them: `(ids.count, hidden)`.
    ///
    /// - Parameter paddingIndex: a token whose row, and column of `a`, receive no gradient
    package func embedding(
        _ ids: [Int32], table: Matrix, beside branch: LowRankEmbedding?, paddingIndex: Int? = nil
    ) throws -> Variable {
        let rows = try embedding(ids, table: table, paddingIndex: paddingIndex)
        guard let branch else { return rows }
        let expected = [table.rows, table.columns]
        guard branch.a.shape[1] == table.rows, branch.b.shape[0] == table.columns else {
            throw TensorError.shapeMismatch(
                operation: "embedding \(branch.a.name)", expected: expected,
                actual: [branch.a.shape[1], branch.b.shape[0]])
        }
        let (count, width, rank) = (ids.count, table.columns, branch.rank)
        let (tokens, a, b) = (ids.map { Int($0) }, branch.a, branch.b)
        let inner = Tensor(uninitialized: [count, rank])
        Columns.gather(a.value, tokens, into: inner)
        let change = Tensor(uninitialized: [count, width])
        try Products.rowwise(
            inner.pointer, m: count, k: rank, b.value.pointer, n: width, transposed: true, alpha: branch.scaling,
            into: change.pointer)
        let trained = branch.parameters.filter(\.isTrainable)
        let added = record(change, needed: !trained.isEmpty, parameters: trained) { _, gradient in
            if b.isTrainable {
                try Products.addTransposedProduct(
                    gradient.pointer, m: count, n: width, inner.pointer, k: rank, alpha: branch.scaling,
                    into: b.gradientForAdding().pointer)
            }
            guard a.isTrainable else { return }
            let arrived = Tensor(uninitialized: [count, rank])
            try Products.rowwise(
                gradient.pointer, m: count, k: width, b.value.pointer, n: rank, transposed: false,
                alpha: branch.scaling, into: arrived.pointer)
            Columns.add(arrived, at: tokens, skipping: paddingIndex, to: a.gradientForAdding())
        }
        return try add(rows, added)
    }
}

/// Columns of a matrix as rows of another; each task owns some of the matrix's rows.
private enum Columns {
    private static let rowsOfATask = 8

    /// `result[i, row] = matrix[row, columns[i]]`
    static func gather(_ matrix: Tensor, _ columns: [Int], into result: Tensor) {
        let (from, to, stride, width) = (matrix.pointer, result.pointer, matrix.columns, matrix.rows)
        ComputePool.shared.forEachBlock(width, atMost: rowsOfATask) { rows in
            for (index, column) in columns.enumerated() {
                for row in rows { to[index * width + row] = from[row * stride + column] }
            }
        }
    }

    /// `target[row, columns[i]] += source[i, row]`, in the order of `i`.
    static func add(_ source: Tensor, at columns: [Int], skipping: Int?, to target: Tensor) {
        let (from, to, stride, width) = (source.pointer, target.pointer, target.columns, target.rows)
        ComputePool.shared.forEachBlock(width, atMost: rowsOfATask) { rows in
            for (index, column) in columns.enumerated() where column != skipping {
                for row in rows { to[row * stride + column] += from[index * width + row] }
            }
        }
    }
}
