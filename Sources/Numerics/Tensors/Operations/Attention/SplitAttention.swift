/// The products of attention in bfloat16 parts: keys and values come packed, the rows' sides are packed here.
struct SplitAttention: AttentionProducts {
    /// What one head of one sequence has packed.
    struct Head {
        let keys: (Int) -> PanelSide
        let values: (Int) -> PanelSide
    }

    private let tiles: AttentionTiles
    private let head: Head
    private let rows: Range<Int>
    private let parts: Int
    private let queries: PanelSide
    private let weights: UnsafeMutablePointer<Float>

    /// Floats of memory that the products of one tile of queries need.
    static func scratch(headSize: Int, parts: Int) -> Int {
        PanelSide.floats(AttentionTiles.queryTile, headSize, parts: parts) + weights(parts)
            + AttentionTiles.queryTile * headSize
    }

    private static func weights(_ parts: Int) -> Int {
        PanelSide.floats(AttentionTiles.queryTile, AttentionTiles.keyTile, parts: parts)
    }

    init(
        _ tiles: AttentionTiles, _ head: Head, rows: Range<Int>, parts: Int, memory: UnsafeMutablePointer<Float>
    ) {
        self.tiles = tiles
        self.head = head
        self.rows = rows
        self.parts = parts
        weights = memory
        let packed = memory + Self.weights(parts)
        queries = Self.packedQueries(
            tiles, rows, parts,
            scaled: packed + PanelSide.floats(AttentionTiles.queryTile, tiles.options.headSize, parts: parts),
            into: packed)
    }

    /// The rows' queries times the scale, as a left operand.
    static func packedQueries(
        _ tiles: AttentionTiles, _ rows: Range<Int>, _ parts: Int, scaled: UnsafeMutablePointer<Float>,
        into memory: UnsafeMutablePointer<Float>
    ) -> PanelSide {
        let size = tiles.options.headSize
        for (index, row) in rows.enumerated() {
            Loops.scale(tiles.queries + row * tiles.queryStride, tiles.options.scale, scaled + index * size, size)
        }
        return PanelSide.packed(scaled, stride: size, .left, count: rows.count, depth: size, parts: parts, into: memory)
    }

    func scores(_ keys: Range<Int>, into scores: UnsafeMutablePointer<Float>) {
        queries.multiply(
            head.keys(keys.lowerBound), rows: rows.count, columns: keys.count, depth: tiles.options.headSize,
            adding: false, into: scores, stride: AttentionTiles.keyTile)
    }

    func addValues(_ weights: UnsafePointer<Float>, _ keys: Range<Int>, to sums: UnsafeMutablePointer<Float>) {
        let size = tiles.options.headSize
        PanelSide.packed(
            weights, stride: AttentionTiles.keyTile, .left, count: rows.count, depth: keys.count, parts: parts,
            into: self.weights
        ).multiply(
            head.values(keys.lowerBound), rows: rows.count, columns: size, depth: keys.count, adding: true, into: sums,
            stride: size)
    }
}

/// The products of the way back in bfloat16 parts.
struct SplitAttentionGradient: AttentionGradientProducts {
    /// What one head of one sequence has packed.
    struct Head {
        let keys: (Int) -> PanelSide
        let values: (Int) -> PanelSide
        /// The keys where they are what is summed over.
        let keysInDepth: (Int) -> PanelSide
    }

    private let tiles: AttentionTiles
    private let head: Head
    private let gradients: HeadGradients
    private let rows: Range<Int>
    private let parts: Int
    private let weights: UnsafeMutablePointer<Float>
    private let queries: PanelSide
    private let incoming: PanelSide
    private let queriesInDepth: PanelSide
    private let incomingInDepth: PanelSide

    /// Floats of memory that the products of one tile of queries need.
    static func scratch(headSize: Int, parts: Int) -> Int {
        let tile = AttentionTiles.queryTile
        return PanelSide.floats(AttentionTiles.keyTile, tile, parts: parts)
            + 4 * PanelSide.floats(tile, headSize, parts: parts) + tile * headSize
    }

    init(
        _ tiles: AttentionTiles, _ head: Head, _ gradients: HeadGradients, rows: Range<Int>, parts: Int,
        memory: UnsafeMutablePointer<Float>
    ) {
        self.tiles = tiles
        self.head = head
        self.gradients = gradients
        self.rows = rows
        self.parts = parts
        let (tile, size, stride) = (AttentionTiles.queryTile, tiles.options.headSize, tiles.queryStride)
        weights = memory
        let step = PanelSide.floats(tile, size, parts: parts)
        let first = memory + PanelSide.floats(AttentionTiles.keyTile, tile, parts: parts)
        let at = rows.lowerBound * stride
        queries = SplitAttention.packedQueries(tiles, rows, parts, scaled: first + 4 * step, into: first)
        incoming = PanelSide.packed(
            gradients.output + at, stride: stride, .left, count: rows.count, depth: size, parts: parts,
            into: first + step)
        queriesInDepth = PanelSide.packed(
            tiles.queries + at, stride: stride, .rightTransposed, count: size, depth: rows.count, parts: parts,
            into: first + 2 * step)
        incomingInDepth = PanelSide.packed(
            gradients.output + at, stride: stride, .rightTransposed, count: size, depth: rows.count, parts: parts,
            into: first + 3 * step)
    }

    func scores(_ keys: Range<Int>, into scores: UnsafeMutablePointer<Float>) {
        queries.multiply(
            head.keys(keys.lowerBound), rows: rows.count, columns: keys.count, depth: tiles.options.headSize,
            adding: false, into: scores, stride: AttentionTiles.keyTile)
    }

    func incoming(_ keys: Range<Int>, into products: UnsafeMutablePointer<Float>) {
        incoming.multiply(
            head.values(keys.lowerBound), rows: rows.count, columns: keys.count, depth: tiles.options.headSize,
            adding: false, into: products, stride: AttentionTiles.keyTile)
    }

    func addValueGradient(_ weights: UnsafePointer<Float>, _ keys: Range<Int>) {
        transposed(weights, keys).multiply(
            incomingInDepth, rows: keys.count, columns: tiles.options.headSize, depth: rows.count, adding: true,
            into: gradients.values + keys.lowerBound * gradients.stride, stride: gradients.stride)
    }

    func addQueryAndKeyGradients(_ scoreGradient: UnsafeMutablePointer<Float>, _ keys: Range<Int>) {
        let (size, wide) = (tiles.options.headSize, AttentionTiles.keyTile)
        for row in 0..<rows.count {
            Loops.scale(scoreGradient + row * wide, tiles.options.scale, scoreGradient + row * wide, keys.count)
        }
        transposed(scoreGradient, keys).multiply(
            queriesInDepth, rows: keys.count, columns: size, depth: rows.count, adding: true,
            into: gradients.keys + keys.lowerBound * gradients.stride, stride: gradients.stride)
        PanelSide.packed(
            scoreGradient, stride: wide, .left, count: rows.count, depth: keys.count, parts: parts, into: weights
        ).multiply(
            head.keysInDepth(keys.lowerBound), rows: rows.count, columns: size, depth: keys.count, adding: true,
            into: gradients.queries + rows.lowerBound * tiles.queryStride, stride: tiles.queryStride)
    }

    /// A matrix of rows and keys as a left operand of the keys.
    private func transposed(_ matrix: UnsafePointer<Float>, _ keys: Range<Int>) -> PanelSide {
        PanelSide.packed(
            matrix, stride: AttentionTiles.keyTile, .leftTransposed, count: keys.count, depth: rows.count, parts: parts,
            into: weights)
    }
}
