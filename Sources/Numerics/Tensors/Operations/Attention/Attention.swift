extension Tape {
    /// Scaled dot-product attention within each packed sequence.
    ///
    /// - Parameters:
    ///   - queries: `(tokens, heads * headSize)`, already rotated.
    ///   - keys: `(tokens, keyValueHeads * headSize)`, already rotated.
    ///   - values: like `keys`.
    /// - Returns: `(tokens, heads * headSize)`
    package func attention(
        _ queries: Variable, _ keys: Variable, _ values: Variable, layout: SequenceLayout, options: AttentionOptions
    ) throws -> Variable {
        try options.check(
            queries: queries.value, keys: keys.value, values: values.value, tokens: layout.totalTokens)
        let needed = queries.needsGradient || keys.needsGradient || values.needsGradient
        let work = AttentionWork(
            queries: queries.value, keys: keys.value, values: values.value, layout: layout, options: options,
            blas: try BLAS.load(), parts: LinearWork.splits(rows: layout.totalTokens, precision) ? precision : nil)
        let output = Tensor(uninitialized: queries.shape)
        let logSums = needed && mode == .recording ? Tensor(uninitialized: [layout.totalTokens, options.heads]) : nil
        work.forward(output, logSums)
        let slots = (queries.slot, keys.slot, values.slot)
        return record(output, needed: needed) { tape, gradient in
            guard let logSums else { return }
            let gradients = work.backward(output, logSums, gradient)
            tape.accumulate(gradients.queries, into: slots.0)
            tape.accumulate(gradients.keys, into: slots.1)
            tape.accumulate(gradients.values, into: slots.2)
        }
    }
}

/// Attention over whole tensors, cut into tasks.
struct AttentionWork {
    let queries: Tensor
    let keys: Tensor
    let values: Tensor
    let layout: SequenceLayout
    let options: AttentionOptions
    let blas: BLAS
    /// How operands are split into bfloat16 parts; nil for float32 products.
    let parts: MatmulPrecision?

    private func panels(_ matrix: Tensor, as use: AttentionPanels.Use) -> AttentionPanels? {
        parts.map { AttentionPanels(matrix, as: use, layout: layout, options: options, $0) }
    }

    /// The head of keys and values that a head of queries looks at.
    private func shared(_ head: Int) -> Int { head / (options.heads / options.keyValueHeads) }

    func tiles(sequence: Int, head: Int) -> AttentionTiles {
        let row = layout.offsets[sequence]
        let at = row * options.keyValueColumns + shared(head) * options.headSize
        return AttentionTiles(
            options: options, blas: blas,
            queries: queries.pointer + (row * options.queryColumns + head * options.headSize),
            queryStride: options.queryColumns, firstPosition: 0, positionStep: 1, keys: keys.pointer + at,
            values: values.pointer + at, keyStride: options.keyValueColumns, keyCount: layout.keyCounts[sequence],
            keyGrain: parts == nil ? 1 : Panels.edge)
    }

    /// One task for each query tile of each head of each sequence.
    func forward(_ output: Tensor, _ logSums: Tensor?) {
        var work: [(sequence: Int, head: Int, rows: Range<Int>)] = []
        for (sequence, length) in layout.lengths.enumerated() {
            for head in 0..<options.heads {
                for start in stride(from: 0, to: length, by: AttentionTiles.queryTile) {
                    work.append((sequence, head, start..<min(length, start + AttentionTiles.queryTile)))
                }
            }
        }
        let (columns, heads, size) = (options.queryColumns, options.heads, options.headSize)
        let (target, sums) = (output.pointer, logSums?.pointer)
        let packing = parts.map { SplitAttention.scratch(headSize: size, parts: $0.parts) } ?? 0
        let (keyPanels, valuePanels) = (panels(keys, as: .columns), panels(values, as: .depth))
        rehearse(productsPerTile: 2, scratch: AttentionTiles.queryTile * (AttentionTiles.keyTile + size + 2), packing)
        ComputePool.shared.run(work.count) { index in
            let (sequence, head, rows) = work[index]
            let row = layout.offsets[sequence] + rows.lowerBound
            let tiles = tiles(sequence: sequence, head: head)
            func compute(_ products: some AttentionProducts) {
                tiles.forward(
                    rows, products, output: target + (row * columns + head * size), outputStride: columns,
                    logSums: sums.map { $0 + (row * heads + head) }, logSumStride: heads)
            }
            guard let parts, let keyPanels, let valuePanels else {
                return compute(FloatAttention(tiles: tiles, rows: rows))
            }
            let packed = SplitAttention.Head(
                keys: keyPanels.side(sequence: sequence, head: shared(head)),
                values: valuePanels.side(sequence: sequence, head: shared(head)))
            Storage.scratch(packing) { memory in
                compute(SplitAttention(tiles, packed, rows: rows, parts: parts.parts, memory: memory))
            }
        }
    }

    /// Tells a rehearsal of the products of every tile of queries with the keys that it may see.
    ///
    /// - Parameter scratch: floats of each block of memory that a task holds
    private func rehearse(productsPerTile: Int, scratch: Int...) {
        guard let rehearsal = Rehearsal.current else { return }
        var pairs = 0.0
        for (sequence, length) in layout.lengths.enumerated() where length > 0 {
            let tiles = tiles(sequence: sequence, head: 0)
            for start in stride(from: 0, to: length, by: AttentionTiles.queryTile) {
                let rows = start..<min(length, start + AttentionTiles.queryTile)
                pairs += Double(rows.count) * Double(tiles.span(rows).count)
            }
        }
        rehearsal.note(
            operations: 2 * Double(productsPerTile) * pairs * Double(options.heads * options.headSize),
            scratch: scratch, tasks: layout.lengths.count * options.heads)
    }

    /// Fewer tasks than this leave cores idle, so every query head then gets gradients of keys and values of its own.
    private static let enoughTasks = 32

    /// One task for each key-value head of each sequence, which owns the gradients of its keys and values; or one for
    /// each query head, whose parts are added up in the order of the heads.
    func backward(_ output: Tensor, _ logSums: Tensor, _ gradient: Tensor)
        -> (queries: Tensor, keys: Tensor, values: Tensor)
    {
        let group = options.heads / options.keyValueHeads
        let spreads = group > 1 && layout.lengths.count * options.keyValueHeads < Self.enoughTasks
        let owners = spreads ? options.heads : options.keyValueHeads
        let (each, stride) = (options.heads / owners, owners * options.headSize)
        let queryGradient = Tensor(zeros: queries.shape)
        let keyGradient = Tensor(zeros: [layout.totalTokens, stride])
        let valueGradient = Tensor(zeros: [layout.totalTokens, stride])
        let packing = parts.map { SplitAttentionGradient.scratch(headSize: options.headSize, parts: $0.parts) } ?? 0
        let (keyPanels, valuePanels) = (panels(keys, as: .columns), panels(values, as: .columns))
        let keysInDepth = panels(keys, as: .depth)
        rehearse(
            productsPerTile: 5, scratch: AttentionTiles.queryTile * (3 * AttentionTiles.keyTile + 1), packing)
        ComputePool.shared.run(layout.lengths.count * owners) { task in
            let (sequence, owner) = (task / owners, task % owners)
            let row = layout.offsets[sequence]
            for head in owner * each..<(owner + 1) * each {
                let at = row * options.queryColumns + head * options.headSize
                let keyAt = row * stride + owner * options.headSize
                let tiles = tiles(sequence: sequence, head: head)
                let gradients = HeadGradients(
                    output: gradient.pointer + at, queries: queryGradient.pointer + at,
                    keys: keyGradient.pointer + keyAt, values: valueGradient.pointer + keyAt, stride: stride)
                let work = AttentionBackward(
                    tiles: tiles, output: output.pointer + at, gradient: gradients.output,
                    logSums: logSums.pointer + (row * options.heads + head))
                guard let parts, let keyPanels, let valuePanels, let keysInDepth else {
                    work.run(rows: layout.lengths[sequence]) {
                        FloatAttentionGradient(forward: FloatAttention(tiles: tiles, rows: $0), gradients: gradients)
                    }
                    continue
                }
                let shared = shared(head)
                let packed = SplitAttentionGradient.Head(
                    keys: keyPanels.side(sequence: sequence, head: shared),
                    values: valuePanels.side(sequence: sequence, head: shared),
                    keysInDepth: keysInDepth.side(sequence: sequence, head: shared))
                Storage.scratch(packing) { memory in
                    work.run(rows: layout.lengths[sequence]) {
                        SplitAttentionGradient(
                            tiles, packed, gradients, rows: $0, parts: parts.parts, memory: memory)
                    }
                }
            }
        }
        guard spreads else { return (queryGradient, keyGradient, valueGradient) }
        return (queryGradient, addedUp(keyGradient, group), addedUp(valueGradient, group))
    }

    /// `(tokens, heads * headSize)` to `(tokens, keyValueHeads * headSize)` by adding each group of heads.
    private func addedUp(_ parts: Tensor, _ group: Int) -> Tensor {
        let result = Tensor(zeros: keys.shape)
        let size = options.headSize
        let (from, to) = (parts.pointer, result.pointer)
        ComputePool.shared.forEachBlock(parts.rows, atMost: 64) { rows in
            for row in rows {
                for head in 0..<options.heads {
                    let target = to + (row * options.keyValueColumns + head / group * size)
                    Loops.add(target, from + (row * options.queryColumns + head * size), target, size)
                }
            }
        }
        return result
    }
}
