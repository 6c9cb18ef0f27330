extension Tape {
    /// Adds new tokens to the caches of a layer and attends from them to everything cached; no gradient.
    ///
    /// - Parameters:
    ///   - layout: new tokens of each sequence, in the order of `caches`; one token each while generating.
    ///   - queries: `(new tokens, heads * headSize)`, rotated by positions that go on behind the cached tokens.
    package func attentionWithCache(
        _ queries: Variable, _ keys: Variable, _ values: Variable, caches: [KeyValueCache], layer: Int,
        layout: SequenceLayout, options: AttentionOptions
    ) throws -> Variable {
        try options.check(
            queries: queries.value, keys: keys.value, values: values.value, tokens: layout.totalTokens)
        guard caches.count == layout.lengths.count else {
            throw TensorError.shapeMismatch(
                operation: "attentionWithCache caches", expected: [layout.lengths.count], actual: [caches.count])
        }
        for cache in caches where cache.columns != options.keyValueColumns || layer < 0 || layer >= cache.layerCount {
            throw TensorError.shapeMismatch(
                operation: "attentionWithCache", expected: [layer + 1, options.keyValueColumns],
                actual: [cache.layerCount, cache.columns])
        }
        guard mode != .recording || !(queries.needsGradient || keys.needsGradient || values.needsGradient) else {
            throw TensorError.invalidArgument(
                operation: "attentionWithCache", name: "tape", value: "recording", expected: "a computing tape")
        }
        for (index, cache) in caches.enumerated() {
            let at = layout.offsets[index] * options.keyValueColumns
            cache.append(
                layer: layer, keys: keys.value.pointer + at, values: values.value.pointer + at,
                rows: layout.lengths[index])
        }
        let output = Tensor(uninitialized: queries.shape)
        CachedAttention(
            queries: queries.value, output: output, layers: caches.map { $0.layers[layer] }, layout: layout,
            options: options, blas: try BLAS.load()
        ).run()
        return constant(output)
    }
}

private struct CachedAttention {
    let queries: Tensor
    let output: Tensor
    let layers: [KeyValueCache.Layer]
    let layout: SequenceLayout
    let options: AttentionOptions
    let blas: BLAS

    private var group: Int { options.heads / options.keyValueHeads }

    private struct Task {
        let sequence: Int
        let keyValueHead: Int
        /// Query head, or nil when the rows are the heads of one token that share keys.
        let head: Int?
        let rows: Range<Int>
    }

    func run() {
        var tasks: [Task] = []
        for (sequence, length) in layout.lengths.enumerated() {
            for shared in 0..<options.keyValueHeads {
                if length == 1 {
                    tasks.append(Task(sequence: sequence, keyValueHead: shared, head: nil, rows: 0..<group))
                    continue
                }
                for head in shared * group..<(shared + 1) * group {
                    for start in stride(from: 0, to: length, by: AttentionTiles.queryTile) {
                        let rows = start..<min(length, start + AttentionTiles.queryTile)
                        tasks.append(Task(sequence: sequence, keyValueHead: shared, head: head, rows: rows))
                    }
                }
            }
        }
        ComputePool.shared.run(tasks.count) { compute(tasks[$0]) }
    }

    private func compute(_ task: Task) {
        let (size, columns) = (options.headSize, options.queryColumns)
        let layer = layers[task.sequence]
        let head = task.head ?? task.keyValueHead * group
        let stride = task.head == nil ? size : columns
        let at = layout.offsets[task.sequence] * columns + head * size
        let tiles = AttentionTiles(
            options: options, blas: blas, queries: queries.pointer + at, queryStride: stride,
            firstPosition: layer.count - layout.lengths[task.sequence], positionStep: task.head == nil ? 0 : 1,
            keys: layer.keys.pointer + task.keyValueHead * size,
            values: layer.values.pointer + task.keyValueHead * size,
            keyStride: options.keyValueColumns, keyCount: layer.count)
        tiles.forward(
            task.rows, FloatAttention(tiles: tiles, rows: task.rows),
            output: output.pointer + (at + task.rows.lowerBound * stride), outputStride: stride,
            logSums: nil, logSumStride: 0)
    }
}
