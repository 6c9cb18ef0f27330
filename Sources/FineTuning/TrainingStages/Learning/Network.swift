package import LanguageModels
package import Tensors

/// A model with what is beside its linear layers: weights that can be run.
package struct Network: Sendable {
    package let model: DecoderModel
    package let branches: LinearBranches?

    package init(_ model: DecoderModel, branches: LinearBranches? = nil) {
        self.model = model
        self.branches = branches
    }

    /// Hidden states behind the final norm for every token of `rows`: `(tokens, hidden)`.
    package func hiddenStates(_ rows: PackedRows, on tape: Tape) throws -> Variable {
        try model.hiddenStates(
            rows.tokens, layout: rows.attention, positions: rows.positions, on: tape, branches: branches)
    }

    /// Cross-entropy over the labelled positions of `rows`.
    package func crossEntropy(_ rows: PackedRows, options: CrossEntropyOptions, on tape: Tape) throws -> CrossEntropy {
        try model.loss(
            rows.tokens, labels: rows.labels, layout: rows.attention, rows: rows.layout, positions: rows.positions,
            on: tape, branches: branches, options: options)
    }
}
