package import Datasets
package import RunConfiguration
package import Tensors
package import Tokenization

/// Stage `sft`: learning answers to prompts.
package struct SupervisedFineTuning: TrainingStage {
    package let name = "sft"
    package let itemKind = PreparedItem.Kind.sequence
    package let takesAuxiliaryLosses = true
    package let paddingMultiple = 8
    private let objective: TokenObjective
    /// What rows are padded with, where that is learned as well (`ignore_pad_token_for_loss: false`).
    private let learnedPadding: Int32?

    package init(_ configuration: RunConfiguration, tokenizer: Tokenizer) {
        self.init(
            loss: TokenLosses.loss(configuration), tellsAccuracy: configuration[Parameters.computeAccuracy],
            learnedPadding: configuration[Parameters.ignorePadTokenForLoss] ? nil : tokenizer.padTokenID)
    }

    package init(
        loss: any TokenLoss = NextTokenLoss(), tellsAccuracy: Bool = false, learnedPadding: Int32? = nil
    ) {
        objective = TokenObjective(loss: loss, tellsAccuracy: tellsAccuracy)
        self.learnedPadding = learnedPadding
    }

    package var needs: LearnerNeeds { objective.loss.needs }

    package func divisor(of group: [[PreparedItem]]) throws -> Double {
        objective.loss.divisor(of: try group.map(learnedRows))
    }

    package func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss {
        try objective.stageLoss(
            of: PackedRows(learnedRows(items), paddedTo: paddingMultiple), divisor: divisor, learner: learner, on: tape)
    }

    package var drawnFigures: (training: [String], evaluation: [String]) { ([], objective.evaluationFigures) }

    /// The rows of a micro-batch: as they are, or with padding that has labels.
    private func learnedRows(_ items: [PreparedItem]) throws -> [TrainingItem] {
        let rows = try sequences(items)
        guard let learnedPadding else { return rows }
        let length = PaddedLength.length(of: rows.map(\.inputIDs.count), multiple: paddingMultiple)
        return rows.map { $0.padded(to: length, with: learnedPadding) }
    }

    /// The plain mean over batches: a short last batch weighs as much as a full one, as in the reference.
    package func evaluationLoss(of batches: [(mean: Double, items: Int)]) -> Double {
        batches.isEmpty ? 0 : batches.reduce(0) { $0 + $1.mean } / Double(batches.count)
    }
}
