package import Tensors

extension DecoderModel {
    /// Whether sequences can go on from a cache. Where only some tokens of a sequence go through a block, which ones
    /// depends on all of them, so each step reads the sequence anew.
    package var canCache: Bool { !configuration.skipsDepth }

    package func makeCache() -> KeyValueCache {
        KeyValueCache(layers: parts.blocks.count, columns: configuration.keyValueHeads * configuration.headSize)
    }

    /// Adds new tokens to a sequence and scores what may follow the last of them.
    ///
    /// - Parameters:
    ///   - tokens: at least one; the whole prompt first, then one token at a time
    ///   - cache: what the sequence has so far; grows by `tokens`
    /// - Returns: `(1, vocabulary)`
    package func nextLogits(
        _ tokens: [Int32], cache: KeyValueCache, branches: LinearBranches? = nil
    ) throws -> Tensor {
        let tape = Tape(recording: false)
        let hidden = try extended(cache, with: tokens, branches: branches, on: tape)
        let last = try tape.gatherRows(hidden, [hidden.value.rows - 1])
        return try logits(parts.norm(last, on: tape).value, branches: branches)
    }

    /// Adds tokens to a sequence without asking what may follow.
    package func extend(
        _ cache: KeyValueCache, with tokens: [Int32], branches: LinearBranches? = nil
    ) throws {
        _ = try extended(cache, with: tokens, branches: branches, on: Tape(recording: false))
    }

    /// - Returns: hidden states before the final norm, `(tokens, hidden)`; of the whole sequence where it was read anew
    private func extended(
        _ cache: KeyValueCache, with tokens: [Int32], branches: LinearBranches?, on tape: Tape
    ) throws -> Variable {
        let known = cache.tokens
        if !known.isEmpty, configuration.rotary.rereadsLongSequences,
            configuration.rotary.range(length: known.count)
                != configuration.rotary.range(length: known.count + tokens.count)
        {
            cache.truncate(to: 0)
            return try extended(cache, with: known + tokens, branches: branches, on: tape)
        }
        let layout = try SequenceLayout(lengths: [tokens.count])
        let start = cache.length
        let end = start + tokens.count
        let pass = ModelPass(
            on: tape, positions: TokenPositions(values: (start..<end).map { Int32($0) }, longest: end),
            branches: branches, context: CachedSequences(caches: [cache], layout: layout))
        var hidden = try parts.embedding(tokens, on: tape, branches: branches)
        for block in parts.blocks { hidden = try block.forward(hidden, in: pass) }
        cache.tokens += tokens
        return hidden
    }

    /// As `nextLogits`, computing the whole sequence anew (`use_cache: false`).
    package func nextLogitsWithoutCache(_ tokens: [Int32], branches: LinearBranches? = nil) throws -> Tensor {
        let layout = try SequenceLayout(lengths: [tokens.count])
        let tape = Tape(recording: false)
        let hidden = try hiddenStates(tokens, layout: layout, on: tape, branches: branches)
        return try logits(tape.gatherRows(hidden, [tokens.count - 1]).value, branches: branches)
    }
}
