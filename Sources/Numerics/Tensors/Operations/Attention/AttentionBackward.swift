import CKernels

/// Gradients of one head, recomputing the probabilities from the saved softmax denominators.
struct AttentionBackward {
    let tiles: AttentionTiles
    let output: UnsafePointer<Float>
    let gradient: UnsafePointer<Float>
    let logSums: UnsafePointer<Float>

    /// - Parameter products: makes those of a tile of queries
    func run(rows: Int, _ products: (Range<Int>) -> some AttentionGradientProducts) {
        let tile = AttentionTiles.queryTile * AttentionTiles.keyTile
        Storage.scratch(3 * tile + AttentionTiles.queryTile) { scores in
            let (probabilities, incoming, projections) = (scores + tile, scores + 2 * tile, scores + 3 * tile)
            for start in stride(from: 0, to: rows, by: AttentionTiles.queryTile) {
                let range = start..<min(rows, start + AttentionTiles.queryTile)
                for row in range {
                    let at = row * tiles.queryStride
                    projections[row - start] = Loops.dot(output + at, gradient + at, tiles.options.headSize)
                }
                let (span, products) = (tiles.span(range), products(range))
                for first in stride(from: span.lowerBound, to: span.upperBound, by: AttentionTiles.keyTile) {
                    let keys = first..<min(span.upperBound, first + AttentionTiles.keyTile)
                    step(range, keys, products, scores, probabilities, incoming, projections)
                }
            }
        }
    }

    private func step(
        _ rows: Range<Int>, _ keys: Range<Int>, _ products: some AttentionGradientProducts,
        _ scores: UnsafeMutablePointer<Float>, _ probabilities: UnsafeMutablePointer<Float>,
        _ incoming: UnsafeMutablePointer<Float>, _ projections: UnsafePointer<Float>
    ) {
        let wide = AttentionTiles.keyTile
        products.scores(keys, into: scores)
        tiles.cap(scores, rows: rows.count, keys: keys.count)
        softmax(rows, keys, scores, probabilities)
        products.addValueGradient(probabilities, keys)
        products.incoming(keys, into: incoming)
        for row in 0..<rows.count {
            scoreGradient(
                probabilities + row * wide, incoming + row * wide, scores + row * wide, projections[row], keys.count)
        }
        products.addQueryAndKeyGradients(probabilities, keys)
    }

    /// Probabilities of the visible keys, zero elsewhere.
    private func softmax(
        _ rows: Range<Int>, _ keys: Range<Int>, _ scores: UnsafePointer<Float>,
        _ probabilities: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows.count {
            let line = probabilities + row * AttentionTiles.keyTile
            let seen = tiles.visible(rows.lowerBound + row).clamped(to: keys)
            let (from, to) = (seen.lowerBound - keys.lowerBound, seen.upperBound - keys.lowerBound)
            line.update(repeating: 0, count: keys.count)
            guard from < to else { continue }
            (line + from).update(from: scores + (row * AttentionTiles.keyTile + from), count: to - from)
            let logSum = logSums[(rows.lowerBound + row) * tiles.options.heads]
            _ = Loops.exponentials(line + from, minus: logSum, to - from)
        }
    }

    /// `dS = P * (dP - projection)`, through the cap when there is one; written over P.
    private func scoreGradient(
        _ probabilities: UnsafeMutablePointer<Float>, _ incoming: UnsafePointer<Float>,
        _ scores: UnsafePointer<Float>, _ projection: Float, _ count: Int
    ) {
        kernel_multiply_by_difference_f32(probabilities, incoming, projection, count)
        guard let cap = tiles.options.softCap else { return }
        Loops.softCapBackward(scores, cap, probabilities, count)
    }
}
