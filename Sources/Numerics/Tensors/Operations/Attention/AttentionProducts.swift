/// The products of attention of some query rows of one head with the keys of their sequence.
///
/// Matrices of rows and keys have lines `AttentionTiles.keyTile` apart; ranges of keys begin at multiples of 32 or at the
/// first key that the rows see.
protocol AttentionProducts {
    /// `scores(rows, keys) = scale * q * k^T`
    func scores(_ keys: Range<Int>, into scores: UnsafeMutablePointer<Float>)

    /// `sums(rows, headSize) += weights(rows, keys) * v`
    func addValues(_ weights: UnsafePointer<Float>, _ keys: Range<Int>, to sums: UnsafeMutablePointer<Float>)
}

/// Those of the way back.
protocol AttentionGradientProducts {
    /// `scores(rows, keys) = scale * q * k^T`
    func scores(_ keys: Range<Int>, into scores: UnsafeMutablePointer<Float>)

    /// `incoming(rows, keys) = dO * v^T`
    func incoming(_ keys: Range<Int>, into incoming: UnsafeMutablePointer<Float>)

    /// `dV += weights(rows, keys)^T * dO`
    func addValueGradient(_ weights: UnsafePointer<Float>, _ keys: Range<Int>)

    /// `dQ += scale * dS * k` and `dK += scale * dS^T * q`; `dS(rows, keys)` is written over.
    func addQueryAndKeyGradients(_ scoreGradient: UnsafeMutablePointer<Float>, _ keys: Range<Int>)
}

/// Where the gradients of one head go.
struct HeadGradients {
    /// The gradient of the output, and those of the queries: lines as far apart as the queries'.
    let output: UnsafePointer<Float>
    let queries: UnsafeMutablePointer<Float>
    let keys: UnsafeMutablePointer<Float>
    let values: UnsafeMutablePointer<Float>
    /// Distance of the lines of `keys` and `values`.
    let stride: Int
}

/// The products in float32.
struct FloatAttention: AttentionProducts {
    let tiles: AttentionTiles
    let rows: Range<Int>

    private var queries: UnsafePointer<Float> { tiles.queries + rows.lowerBound * tiles.queryStride }

    func scores(_ keys: Range<Int>, into scores: UnsafeMutablePointer<Float>) {
        tiles.blas.multiply(
            .no, .yes, m: rows.count, n: keys.count, k: tiles.options.headSize, alpha: tiles.options.scale, queries,
            stride: tiles.queryStride, tiles.keys + keys.lowerBound * tiles.keyStride, stride: tiles.keyStride, scores,
            stride: AttentionTiles.keyTile)
    }

    func addValues(_ weights: UnsafePointer<Float>, _ keys: Range<Int>, to sums: UnsafeMutablePointer<Float>) {
        let size = tiles.options.headSize
        tiles.blas.multiply(
            .no, .no, m: rows.count, n: size, k: keys.count, weights, stride: AttentionTiles.keyTile,
            tiles.values + keys.lowerBound * tiles.keyStride, stride: tiles.keyStride, beta: 1, sums, stride: size)
    }
}

/// The products of the way back in float32.
struct FloatAttentionGradient: AttentionGradientProducts {
    let forward: FloatAttention
    let gradients: HeadGradients

    private var tiles: AttentionTiles { forward.tiles }
    private var rows: Range<Int> { forward.rows }
    private var queryAt: Int { rows.lowerBound * tiles.queryStride }

    func scores(_ keys: Range<Int>, into scores: UnsafeMutablePointer<Float>) { forward.scores(keys, into: scores) }

    func incoming(_ keys: Range<Int>, into incoming: UnsafeMutablePointer<Float>) {
        tiles.blas.multiply(
            .no, .yes, m: rows.count, n: keys.count, k: tiles.options.headSize, gradients.output + queryAt,
            stride: tiles.queryStride, tiles.values + keys.lowerBound * tiles.keyStride, stride: tiles.keyStride,
            incoming, stride: AttentionTiles.keyTile)
    }

    func addValueGradient(_ weights: UnsafePointer<Float>, _ keys: Range<Int>) {
        tiles.blas.multiply(
            .yes, .no, m: keys.count, n: tiles.options.headSize, k: rows.count, weights,
            stride: AttentionTiles.keyTile, gradients.output + queryAt, stride: tiles.queryStride, beta: 1,
            gradients.values + keys.lowerBound * gradients.stride, stride: gradients.stride)
    }

    func addQueryAndKeyGradients(_ scoreGradient: UnsafeMutablePointer<Float>, _ keys: Range<Int>) {
        let (size, scale, wide) = (tiles.options.headSize, tiles.options.scale, AttentionTiles.keyTile)
        tiles.blas.multiply(
            .no, .no, m: rows.count, n: size, k: keys.count, alpha: scale, scoreGradient, stride: wide,
            tiles.keys + keys.lowerBound * tiles.keyStride, stride: tiles.keyStride, beta: 1,
            gradients.queries + queryAt, stride: tiles.queryStride)
        tiles.blas.multiply(
            .yes, .no, m: keys.count, n: size, k: rows.count, alpha: scale, scoreGradient, stride: wide,
            tiles.queries + queryAt, stride: tiles.queryStride, beta: 1,
            gradients.keys + keys.lowerBound * gradients.stride, stride: gradients.stride)
    }
}
