package import Tensors

extension DecoderModel {
    package func makeCache() -> KeyValueCache {
        KeyValueCache(layers: layers.count, columns: configuration.keyValueHeads * configuration.headSize)
    }

    /// Adds new tokens to a sequence and scores what may follow the last of them.
    ///
    /// - Parameters:
    ///   - tokens: at least one; the whole prompt first, then one token at a time
    ///   - cache: what the sequence has so far; grows by `tokens`
    /// - Returns: `(1, vocabulary)`
    package func nextLogits(
        _ tokens: [Int32], cache: KeyValueCache, adapters: ProjectionAdapters? = nil
    ) throws -> Tensor {
        let tape = Tape(recording: false)
        let hidden = try extended(cache, with: tokens, adapters: adapters, on: tape)
        let last = try tape.gatherRows(hidden, [tokens.count - 1])
        let normed = try tape.rmsNorm(last, weight: norm, epsilon: configuration.normEpsilon)
        return try logits(normed.value, adapters: adapters)
    }

    /// Adds tokens to a sequence without asking what may follow.
    package func extend(
        _ cache: KeyValueCache, with tokens: [Int32], adapters: ProjectionAdapters? = nil
    ) throws {
        _ = try extended(cache, with: tokens, adapters: adapters, on: Tape(recording: false))
    }

    /// - Returns: hidden states before the final norm, `(tokens, hidden)`
    private func extended(
        _ cache: KeyValueCache, with tokens: [Int32], adapters: ProjectionAdapters?, on tape: Tape
    ) throws -> Variable {
        let layout = try SequenceLayout(lengths: [tokens.count])
        let start = cache.length
        let end = start + tokens.count
        let surroundings = surroundings(
            positions: (start..<end).map { Int32($0) }, length: end, adapters: adapters)
        var hidden = try tape.embedding(tokens, table: embedding)
        for (index, layer) in layers.enumerated() {
            let options = configuration.attention(layer: index)
            hidden = try layer.forward(hidden, on: tape, surroundings) { tape, query, key, value in
                try tape.attentionWithCache(
                    query, key, value, caches: [cache], layer: index, layout: layout, options: options)
            }
        }
        return hidden
    }

    /// As `nextLogits`, computing the whole sequence anew (`use_cache: false`).
    package func nextLogitsWithoutCache(_ tokens: [Int32], adapters: ProjectionAdapters? = nil) throws -> Tensor {
        let layout = try SequenceLayout(lengths: [tokens.count])
        let tape = Tape(recording: false)
        let hidden = try hiddenStates(tokens, layout: layout, on: tape, adapters: adapters)
        return try logits(tape.gatherRows(hidden, [tokens.count - 1]).value, adapters: adapters)
    }
}
