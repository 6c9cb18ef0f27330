package import Tensors

extension DecoderModel {
    /// Hidden states behind the final norm, for sequences packed back to back.
    ///
    /// Each layer is a checkpoint of the tape: whether its insides are kept or computed again is the tape's policy.
    /// - Parameters:
    ///   - tokens: all sequences, `layout.totalTokens` of them
    ///   - positions: one for each token; nil counts from 0 in each sequence
    /// - Returns: `(tokens, hidden)`
    package func hiddenStates(
        _ tokens: [Int32], layout: SequenceLayout, positions: [Int32]? = nil, on tape: Tape,
        adapters: ProjectionAdapters? = nil
    ) throws -> Variable {
        guard tokens.count == layout.totalTokens else {
            throw TensorError.shapeMismatch(
                operation: "hiddenStates tokens", expected: [layout.totalTokens], actual: [tokens.count])
        }
        let surroundings = surroundings(
            positions: positions ?? layout.positions,
            length: positions.map { Int($0.max() ?? -1) + 1 } ?? layout.lengths.max() ?? 0, adapters: adapters)
        var hidden = try tape.embedding(tokens, table: embedding, paddingIndex: paddingIndex)
        for (index, layer) in layers.enumerated() {
            let options = configuration.attention(layer: index)
            hidden = try tape.checkpoint([hidden]) { tape, inputs in
                try layer.forward(inputs[0], on: tape, surroundings) { tape, query, key, value in
                    try tape.attention(query, key, value, layout: layout, options: options)
                }
            }
        }
        return try tape.rmsNorm(hidden, weight: norm, epsilon: configuration.normEpsilon)
    }

    /// Cross-entropy of packed sequences, summed over their labelled positions.
    ///
    /// - Parameters:
    ///   - labels: one per token, not shifted: a token's label is what it is itself, or -100
    ///   - layout: what attention does not cross
    ///   - rows: what labels are not shifted across; nil for `layout`
    package func loss(
        _ tokens: [Int32], labels: [Int32], layout: SequenceLayout, rows: SequenceLayout? = nil,
        positions: [Int32]? = nil, on tape: Tape, adapters: ProjectionAdapters? = nil,
        options: CrossEntropyOptions = .init()
    ) throws -> CrossEntropy {
        let targets = try Self.shifted(labels, layout: rows ?? layout)
        let hidden = try hiddenStates(tokens, layout: layout, positions: positions, on: tape, adapters: adapters)
        return try tape.linearCrossEntropy(hidden, head: head.attached(adapters), labels: targets, options: options)
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
        _ sequences: [[Int32]], adapters: ProjectionAdapters? = nil
    ) throws -> [[Float]] {
        let layout = try SequenceLayout(lengths: sequences.map(\.count))
        let tokens = sequences.flatMap { $0 }
        let tape = Tape(recording: false)
        let hidden = try hiddenStates(tokens, layout: layout, on: tape, adapters: adapters)
        let all = try tape.labelLogProbabilities(
            hidden.value, head: head.attached(adapters), labels: Self.shifted(tokens, layout: layout))
        var rest = all[...]
        return sequences.map { sequence in
            defer { rest = rest.dropFirst(max(0, sequence.count - 1)) }
            return Array(rest.prefix(max(0, sequence.count - 1)))
        }
    }

    /// Scores of the vocabulary for rows of hidden states: `(rows, vocabulary)`.
    package func logits(_ hidden: Tensor, adapters: ProjectionAdapters? = nil) throws -> Tensor {
        try Tape(recording: false).logits(hidden, head: head.attached(adapters))
    }

    func surroundings(
        positions: [Int32], length: Int, adapters: ProjectionAdapters?
    ) -> DecoderLayer.Surroundings {
        DecoderLayer.Surroundings(
            normEpsilon: configuration.normEpsilon, headSize: configuration.headSize,
            rotary: rotary.table(length: length), positions: positions, adapters: adapters)
    }

    /// The embedding row that is never trained.
    private var paddingIndex: Int? {
        configuration.paddingToken.flatMap { (0..<configuration.vocabularySize).contains(Int($0)) ? Int($0) : nil }
    }
}
