/// Two matrices whose product `b * a` is of low rank.
package struct LowRankPair: Sendable {
    /// `(rank, inputs)`
    package let a: Tensor
    /// `(outputs, rank)`
    package let b: Tensor

    package init(a: Tensor, b: Tensor) {
        self.a = a
        self.b = b
    }
}

/// A stored matrix less a product of low rank: `base - scaling * b * a`, computed as it is read.
struct ReducedStorage: WeightStorage {
    let base: any WeightStorage
    let pair: LowRankPair
    let scaling: Float
    private let blas: BLAS

    /// - Throws: `TensorError`
    init(_ base: any WeightStorage, less pair: LowRankPair, scaling: Float) throws {
        guard pair.b.rows == base.rows, pair.a.columns == base.columns, pair.a.rows == pair.b.columns else {
            throw TensorError.shapeMismatch(
                operation: "reduced weight", expected: base.shape, actual: [pair.b.rows, pair.a.columns])
        }
        self.base = base
        self.pair = pair
        self.scaling = scaling
        blas = try BLAS.load()
    }

    var shape: [Int] { base.shape }
    var byteCount: Int { base.byteCount }
    var columnGrain: Int { base.columnGrain }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        base.widen(rows: rows, columns: range, into: panel)
        let rank = pair.a.rows
        blas.multiply(
            .no, .no, m: rows.count, n: range.count, k: rank, alpha: -scaling,
            pair.b.pointer + rows.lowerBound * rank, stride: rank, pair.a.pointer + range.lowerBound, stride: columns,
            beta: 1, panel, stride: range.count)
    }
}
