extension Tensor {
    /// `self = alpha * op(left) * op(right) + beta * self`, on all threads; tensors are seen as matrices of their last
    /// dimension.
    ///
    /// - Throws: `TensorError` for shapes that do not fit, or without BLAS
    package func setToProduct(
        of left: Tensor, leftTransposed: Bool = false, and right: Tensor, rightTransposed: Bool = false,
        times alpha: Float = 1, plus beta: Float = 0
    ) throws {
        let (m, k) = leftTransposed ? (left.columns, left.rows) : (left.rows, left.columns)
        let (depth, n) = rightTransposed ? (right.columns, right.rows) : (right.rows, right.columns)
        guard depth == k else {
            throw TensorError.shapeMismatch(operation: "product", expected: left.shape, actual: right.shape)
        }
        guard rows == m, columns == n else {
            throw TensorError.shapeMismatch(operation: "product", expected: [m, n], actual: shape)
        }
        let blas = try BLAS.load()
        Rehearsal.current?.note(operations: 2 * Double(m) * Double(n) * Double(k))
        // Cut by the sizes alone, so that no number depends on the threads.
        let height = max(64, ((m + 7) / 8 + 15) / 16 * 16)
        ComputePool.shared.forEachBlock(m, atMost: height) { rows in
            blas.multiply(
                leftTransposed ? .yes : .no, rightTransposed ? .yes : .no, m: rows.count, n: n, k: k, alpha: alpha,
                left.pointer + rows.lowerBound * (leftTransposed ? 1 : k), stride: left.columns, right.pointer,
                stride: right.columns, beta: beta, pointer + rows.lowerBound * n, stride: n)
        }
    }
}
