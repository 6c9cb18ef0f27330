import CKernels
import Glibc

/// Query rows of one head against the keys of its sequence: the tiles shared by training and generation.
///
/// Row r of the queries stands at `firstPosition + r * positionStep`; with a step of 0 all rows are heads of one token.
struct AttentionTiles {
    static let queryTile = 64
    static let keyTile = 256

    let options: AttentionOptions
    let blas: BLAS
    let queries: UnsafePointer<Float>
    let queryStride: Int
    let firstPosition: Int
    let positionStep: Int
    let keys: UnsafePointer<Float>
    let values: UnsafePointer<Float>
    let keyStride: Int
    let keyCount: Int
    /// Ranges of keys begin at multiples of this.
    var keyGrain = 1

    @inline(__always)
    func visible(_ row: Int) -> Range<Int> {
        options.visibleKeys(from: firstPosition + row * positionStep, of: keyCount)
    }

    /// Keys that any of `rows` may see.
    func span(_ rows: Range<Int>) -> Range<Int> {
        let (first, last) = (visible(rows.lowerBound), visible(rows.upperBound - 1))
        let lowest = first.lowerBound / keyGrain * keyGrain
        return lowest..<max(lowest, last.upperBound)
    }

    /// Caps scores when the options say so.
    func cap(_ scores: UnsafeMutablePointer<Float>, rows: Int, keys: Int) {
        guard let cap = options.softCap else { return }
        for row in 0..<rows { Loops.softCap(scores + row * Self.keyTile, cap, keys) }
    }

    /// Attention of `rows` by online softmax (Milakov and Gimelshein, 2018; Dao et al., 2022).
    ///
    /// - Parameters:
    ///   - output: row `rows.lowerBound`'s place; rows are `outputStride` apart.
    ///   - logSums: the logarithm of each row's softmax denominator, `logSumStride` apart; nil when not wanted.
    func forward(
        _ rows: Range<Int>, _ products: some AttentionProducts, output: UnsafeMutablePointer<Float>, outputStride: Int,
        logSums: UnsafeMutablePointer<Float>?, logSumStride: Int
    ) {
        let (size, count) = (options.headSize, rows.count)
        Storage.scratch(count * (Self.keyTile + size + 2)) { tile in
            let sums = tile + count * Self.keyTile
            let (maxima, denominators) = (sums + count * size, sums + count * (size + 1))
            sums.update(repeating: 0, count: count * size)
            maxima.update(repeating: -.infinity, count: count)
            denominators.update(repeating: 0, count: count)
            let span = span(rows)
            for start in stride(from: span.lowerBound, to: span.upperBound, by: Self.keyTile) {
                let range = start..<min(span.upperBound, start + Self.keyTile)
                products.scores(range, into: tile)
                cap(tile, rows: count, keys: range.count)
                for row in 0..<count {
                    let line = tile + row * Self.keyTile
                    let seen = visible(rows.lowerBound + row).clamped(to: range)
                    let (from, to) = (seen.lowerBound - start, seen.upperBound - start)
                    guard from < to else {
                        line.update(repeating: 0, count: range.count)
                        continue
                    }
                    let factor = kernel_online_softmax_f32(
                        line + from, range.count - from, to - from, maxima + row, denominators + row)
                    if factor != 1 { Loops.scale(sums + row * size, factor, sums + row * size, size) }
                    if from > 0 { line.update(repeating: 0, count: from) }
                }
                products.addValues(tile, range, to: sums)
            }
            for row in 0..<count {
                // A row that may see nothing (only possible without causality) gets zeros.
                let factor = denominators[row] > 0 ? 1 / denominators[row] : 0
                Loops.scale(sums + row * size, factor, output + row * outputStride, size)
                logSums?[row * logSumStride] = maxima[row] + logf(denominators[row])
            }
        }
    }
}
