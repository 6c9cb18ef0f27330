package import LanguageModels
package import Tensors

/// A model with what is beside its linear layers: weights that can be run.
package struct Network: Sendable {
    package let model: DecoderModel
    package let branches: LinearBranches?
    /// Strength of the noise on embeddings while training; nil for none.
    package let embeddingNoise: Double?

    package init(_ model: DecoderModel, branches: LinearBranches? = nil, embeddingNoise: Double? = nil) {
        self.model = model
        self.branches = branches
        self.embeddingNoise = embeddingNoise
    }

    private func noise(_ rows: PackedRows) -> EmbeddingNoise? {
        embeddingNoise.map { EmbeddingNoise(strength: $0, paddedLength: rows.paddedLength) }
    }

    /// Hidden states behind the final norm for every token of `rows`: `(tokens, hidden)`.
    package func hiddenStates(_ rows: PackedRows, on tape: Tape) throws -> Variable {
        try model.hiddenStates(
            rows.tokens, layout: rows.attention, positions: rows.positions, on: tape, branches: branches,
            noise: noise(rows))
    }

    /// Cross-entropy over the labelled positions of `rows`.
    package func crossEntropy(
        _ rows: PackedRows, options: CrossEntropyOptions, anchor: LossAnchor? = nil, on tape: Tape
    ) throws -> CrossEntropy {
        try model.loss(
            rows.tokens, labels: rows.labels, layout: rows.attention, rows: rows.layout, positions: rows.positions,
            on: tape, branches: branches, options: options, anchor: anchor, noise: noise(rows))
    }

    /// What another network's predictions for `rows` are held to; nothing of it is recorded.
    ///
    /// - Parameters:
    ///   - strength: factor on the divergence
    ///   - tape: the other network's
    package func anchor(_ rows: PackedRows, strength: Float, like tape: Tape) throws -> LossAnchor {
        let computing = Tape(recording: false, precision: tape.precision)
        return model.anchor(try hiddenStates(rows, on: computing).value, strength: strength, branches: branches)
    }
}
