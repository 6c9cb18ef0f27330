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
            blas: try BLAS.load())
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

    func tiles(sequence: Int, head: Int) -> AttentionTiles {
        let row = layout.offsets[sequence]
        let shared = head / (options.heads / options.keyValueHeads)
        let at = row * options.keyValueColumns + shared * options.headSize
        return AttentionTiles(
            options: options, blas: blas,
            queries: queries.pointer + (row * options.queryColumns + head * options.headSize),
            queryStride: options.queryColumns, firstPosition: 0, positionStep: 1, keys: keys.pointer + at,
            values: values.pointer + at, keyStride: options.keyValueColumns, keyCount: layout.keyCounts[sequence])
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
        rehearse(productsPerTile: 2, scratch: AttentionTiles.queryTile * (AttentionTiles.keyTile + size + 2))
        ComputePool.shared.run(work.count) { index in
            let (sequence, head, rows) = work[index]
            let row = layout.offsets[sequence] + rows.lowerBound
            tiles(sequence: sequence, head: head).forward(
                rows, output: target + (row * columns + head * size), outputStride: columns,
                logSums: sums.map { $0 + (row * heads + head) }, logSumStride: heads)
        }
    }

    /// Tells a rehearsal of the products of every tile of queries with the keys that it may see.
    private func rehearse(productsPerTile: Int, scratch: Int) {
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
        rehearse(
            productsPerTile: 5, scratch: AttentionTiles.queryTile * (3 * AttentionTiles.keyTile + 1))
        ComputePool.shared.run(layout.lengths.count * owners) { task in
            let (sequence, owner) = (task / owners, task % owners)
            let row = layout.offsets[sequence]
            for head in owner * each..<(owner + 1) * each {
                let at = row * options.queryColumns + head * options.headSize
                let keyAt = row * stride + owner * options.headSize
                AttentionBackward(
                    tiles: tiles(sequence: sequence, head: head), output: output.pointer + at,
                    gradient: gradient.pointer + at, logSums: logSums.pointer + (row * options.heads + head),
                    queryGradient: queryGradient.pointer + at, keyGradient: keyGradient.pointer + keyAt,
                    valueGradient: valueGradient.pointer + keyAt, gradientStride: stride
                ).run(rows: layout.lengths[sequence])
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

/// Gradients of one head, recomputing the probabilities from the saved softmax denominators.
private struct AttentionBackward {
    let tiles: AttentionTiles
    let output: UnsafePointer<Float>
    let gradient: UnsafePointer<Float>
    let logSums: UnsafePointer<Float>
    let queryGradient: UnsafeMutablePointer<Float>
    let keyGradient: UnsafeMutablePointer<Float>
    let valueGradient: UnsafeMutablePointer<Float>
    /// Distance of the rows of `keyGradient` and `valueGradient`.
    let gradientStride: Int

    func run(rows: Int) {
        let tile = AttentionTiles.queryTile * AttentionTiles.keyTile
        Storage.scratch(3 * tile + AttentionTiles.queryTile) { scores in
            let (probabilities, incoming, projections) = (scores + tile, scores + 2 * tile, scores + 3 * tile)
            for start in stride(from: 0, to: rows, by: AttentionTiles.queryTile) {
                let range = start..<min(rows, start + AttentionTiles.queryTile)
                for row in range {
                    let at = row * tiles.queryStride
                    projections[row - start] = Loops.dot(output + at, gradient + at, tiles.options.headSize)
                }
                let span = tiles.span(range)
                for first in stride(from: span.lowerBound, to: span.upperBound, by: AttentionTiles.keyTile) {
                    let keys = first..<min(span.upperBound, first + AttentionTiles.keyTile)
                    step(range, keys, scores, probabilities, incoming, projections)
                }
            }
        }
    }

    private func step(
        _ rows: Range<Int>, _ keys: Range<Int>, _ scores: UnsafeMutablePointer<Float>,
        _ probabilities: UnsafeMutablePointer<Float>, _ incoming: UnsafeMutablePointer<Float>,
        _ projections: UnsafePointer<Float>
    ) {
        let (blas, wide, size) = (tiles.blas, AttentionTiles.keyTile, tiles.options.headSize)
        let (queryStride, keyStride) = (tiles.queryStride, tiles.keyStride)
        let (queryAt, keyAt) = (rows.lowerBound * queryStride, keys.lowerBound * keyStride)
        let gradientAt = keys.lowerBound * gradientStride
        tiles.scores(rows, keys, into: scores)
        softmax(rows, keys, scores, probabilities)
        // dV += P^T dO
        blas.multiply(
            .yes, .no, m: keys.count, n: size, k: rows.count, probabilities, stride: wide, gradient + queryAt,
            stride: queryStride, beta: 1, valueGradient + gradientAt, stride: gradientStride)
        // dP = dO V^T
        blas.multiply(
            .no, .yes, m: rows.count, n: keys.count, k: size, gradient + queryAt, stride: queryStride,
            tiles.values + keyAt, stride: keyStride, incoming, stride: wide)
        for row in 0..<rows.count {
            scoreGradient(
                probabilities + row * wide, incoming + row * wide, scores + row * wide, projections[row], keys.count)
        }
        // dQ += scale dS K, dK += scale dS^T Q
        blas.multiply(
            .no, .no, m: rows.count, n: size, k: keys.count, alpha: tiles.options.scale, probabilities, stride: wide,
            tiles.keys + keyAt, stride: keyStride, beta: 1, queryGradient + queryAt, stride: queryStride)
        blas.multiply(
            .yes, .no, m: keys.count, n: size, k: rows.count, alpha: tiles.options.scale, probabilities, stride: wide,
            tiles.queries + queryAt, stride: queryStride, beta: 1, keyGradient + gradientAt, stride: gradientStride)
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
        for index in 0..<count { probabilities[index] *= incoming[index] - projection }
        guard let cap = tiles.options.softCap else { return }
        Loops.softCapBackward(scores, cap, probabilities, count)
    }
}
