package import Tensors

extension DecoderModel {
    /// Hidden states behind the final norm, for sequences packed back to back.
    ///
    /// Each block is a checkpoint of the tape: whether its insides are kept or computed again is the tape's policy.
    /// - Parameters:
    ///   - tokens: all sequences, `layout.totalTokens` of them
    ///   - positions: one for each token; nil counts from 0 in each sequence
    ///   - noise: on the embeddings, in training only
    /// - Returns: of every token, with mixture of depths as in a batch of rows that are padded
    package func states(
        _ tokens: [Int32], layout: SequenceLayout, positions: [Int32]? = nil, on tape: Tape,
        branches: LinearBranches? = nil, noise: EmbeddingNoise? = nil
    ) throws -> ModelStates {
        guard tokens.count == layout.totalTokens else {
            throw TensorError.shapeMismatch(
                operation: "states tokens", expected: [layout.totalTokens], actual: [tokens.count])
        }
        if configuration.skipsDepth, tape.update != nil, let padding = configuration.paddingRow {
            let padded = try PaddedTokens(
                tokens, positions: positions ?? layout.positions, layout: layout, multiple: tape.isRecording ? 8 : 1,
                padding: Int32(padding))
            let states = try unpaddedStates(
                padded.tokens, layout: padded.layout, positions: padded.positions, on: tape, branches: branches,
                noise: noise)
            return ModelStates(
                hidden: try tape.gatherRows(states.hidden, padded.places), reports: states.reports)
        }
        return try unpaddedStates(
            tokens, layout: layout, positions: positions, on: tape, branches: branches, noise: noise)
    }

    private func unpaddedStates(
        _ tokens: [Int32], layout: SequenceLayout, positions: [Int32]?, on tape: Tape, branches: LinearBranches?,
        noise: EmbeddingNoise?
    ) throws -> ModelStates {
        let longest = positions.map { Int($0.max() ?? -1) + 1 } ?? layout.lengths.max() ?? 0
        let context: any AttentionContext =
            configuration.shiftsAttention && tape.isRecording
            ? try ShiftedGroups(layout) : PackedSequences(layout: layout)
        let pass = ModelPass(
            on: tape, positions: TokenPositions(values: positions ?? layout.positions, longest: longest),
            branches: branches, context: context)
        var hidden = try parts.embedding(tokens, noise: noise, on: tape, branches: branches)
        var reports: [Variable] = []
        for block in parts.blocks {
            let results = try tape.checkpoint([hidden]) { tape, inputs in
                let pass = pass.moved(to: tape)
                return [try block.forward(inputs[0], in: pass)] + pass.reports
            }
            hidden = results[0]
            reports += results.dropFirst()
        }
        if let weight = configuration.expertBalanceWeight, tape.wantsAuxiliaryLosses, !reports.isEmpty {
            tape.addAuxiliaryLoss(try tape.expertBalance(reports, weight: Float(weight)))
        }
        return ModelStates(hidden: try parts.norm(hidden, on: tape), reports: reports)
    }

    /// The hidden states alone: `(tokens, hidden)`.
    package func hiddenStates(
        _ tokens: [Int32], layout: SequenceLayout, positions: [Int32]? = nil, on tape: Tape,
        branches: LinearBranches? = nil, noise: EmbeddingNoise? = nil
    ) throws -> Variable {
        try states(tokens, layout: layout, positions: positions, on: tape, branches: branches, noise: noise).hidden
    }

    /// Cross-entropy of packed sequences, summed over their labelled positions.
    ///
    /// - Parameters:
    ///   - labels: one per token, not shifted: a token's label is what it is itself, or -100
    ///   - layout: what attention does not cross
    ///   - rows: what labels are not shifted across; nil for `layout`
    ///   - anchor: what the predictions are held to
    package func loss(
        _ tokens: [Int32], labels: [Int32], layout: SequenceLayout, rows: SequenceLayout? = nil,
        positions: [Int32]? = nil, on tape: Tape, branches: LinearBranches? = nil,
        options: CrossEntropyOptions = .init(), anchor: LossAnchor? = nil, noise: EmbeddingNoise? = nil
    ) throws -> CrossEntropy {
        let targets = try Self.shifted(labels, layout: rows ?? layout)
        let hidden = try hiddenStates(
            tokens, layout: layout, positions: positions, on: tape, branches: branches, noise: noise)
        var options = options
        options.softCap = parts.logitSoftCap
        return try tape.linearCrossEntropy(
            hidden, head: parts.head.projection(branches), labels: targets, options: options, anchor: anchor)
    }

    /// What losses of other models over the same tokens are held to: this model's predictions.
    ///
    /// - Parameter hidden: the states that this model gave
    package func anchor(_ hidden: Tensor, strength: Float, branches: LinearBranches? = nil) -> LossAnchor {
        LossAnchor(
            hidden: hidden, head: parts.head.projection(branches), softCap: parts.logitSoftCap, strength: strength)
    }

    /// The log-probability of each label under hidden states that `states` gave, with gradients.
    ///
    /// - Parameter targets: one per row, already shifted; -100 for rows without one
    package func labelLogProbabilities(
        _ hidden: Variable, targets: [Int32], on tape: Tape, branches: LinearBranches? = nil
    ) throws -> LabelLogProbabilities {
        try tape.labelLogProbabilities(
            hidden, head: parts.head.projection(branches), labels: targets, softCap: parts.logitSoftCap)
    }

    /// Each position's next label; the last of a sequence has none.
    package static func shifted(_ labels: [Int32], layout: SequenceLayout) throws -> [Int32] {
        guard labels.count == layout.totalTokens else {
            throw TensorError.shapeMismatch(operation: "labels", expected: [layout.totalTokens], actual: [labels.count])
        }
        var targets = [Int32](repeating: ignoredLabel, count: labels.count)
        for (start, length) in zip(layout.offsets, layout.lengths) where length > 1 {
            for row in start..<start + length - 1 { targets[row] = labels[row + 1] }
        }
        return targets
    }

    /// The log-probability of each sequence's tokens but the first, given those before it.
    package func tokenLogProbabilities(
        _ sequences: [[Int32]], branches: LinearBranches? = nil
    ) throws -> [[Float]] {
        let layout = try SequenceLayout(lengths: sequences.map(\.count))
        let tokens = sequences.flatMap { $0 }
        let tape = Tape(recording: false)
        let hidden = try hiddenStates(tokens, layout: layout, on: tape, branches: branches)
        let all = try labelLogProbabilities(
            hidden, targets: Self.shifted(tokens, layout: layout), on: tape, branches: branches
        ).values.value.array
        var rest = all[...]
        return sequences.map { sequence in
            defer { rest = rest.dropFirst(max(0, sequence.count - 1)) }
            return Array(rest.prefix(max(0, sequence.count - 1)))
        }
    }

    /// Scores of the vocabulary for rows of hidden states: `(rows, vocabulary)`.
    package func logits(_ hidden: Tensor, branches: LinearBranches? = nil) throws -> Tensor {
        try Tape(recording: false).logits(
            hidden, head: parts.head.projection(branches), softCap: parts.logitSoftCap)
    }
}

/// What a pass over a whole model gives.
package struct ModelStates {
    /// Behind the final norm, `(tokens, hidden)`.
    package let hidden: Variable
    /// What blocks reported to the loss, in order.
    package let reports: [Variable]
}
