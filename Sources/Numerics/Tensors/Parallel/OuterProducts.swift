import CKernels

/// `left(m, few)^T * right(m, n)`: the gradients of a low-rank pair, for which a product for large matrices is too much.
///
/// Sums go over the rows in order, whatever the cut.
enum OuterProducts {
    /// Up to so many columns of `left` this is faster than sgemm.
    static let mostRanks = 32

    private static let width = 256

    /// Adds `alpha` times the product to `result`, `(few, n)` or, when `transposed`, `(n, few)`.
    static func add(
        _ left: UnsafePointer<Float>, ranks: Int, _ right: UnsafePointer<Float>, columns count: Int, rows: Int,
        times alpha: Float, transposed: Bool, to result: UnsafeMutablePointer<Float>
    ) {
        Rehearsal.current?.note(
            operations: 2 * Double(ranks) * Double(count) * Double(rows), scratch: ranks * min(count, width),
            tasks: (count + width - 1) / width)
        ComputePool.shared.forEachBlock(count, atMost: width) { columns in
            let (first, width) = (columns.lowerBound, columns.count)
            Storage.scratch(ranks * width) { sums in
                sums.update(repeating: 0, count: ranks * width)
                kernel_add_outer_products_f32(left, ranks, ranks, right + first, count, width, rows, sums, width)
                if transposed {
                    for column in 0..<width {
                        let line = result + (first + column) * ranks
                        for rank in 0..<ranks { line[rank] += alpha * sums[rank * width + column] }
                    }
                } else {
                    for rank in 0..<ranks {
                        kernel_add_scaled_f32(sums + rank * width, alpha, result + (rank * count + first), width)
                    }
                }
            }
        }
    }
}
