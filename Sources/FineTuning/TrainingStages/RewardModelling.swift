package import Datasets
import LanguageModels
package import Tensors

/// Stage `rm`: learning which of two answers people prefer (training-and-inference, 2.5).
///
/// A sequence's score is the value head's number at its last token. An update's loss is the mean over its
/// micro-batches.
package struct RewardModelling: TrainingStage {
    package let name = "rm"
    package let itemKind = PreparedItem.Kind.preference
    package let needs = LearnerNeeds(valueHead: true)
    package let paddingMultiple = 8

    package init() {}

    package func countedRows(of items: [PreparedItem]) throws -> [TrainingItem] { try pairedRows(items) }

    package func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss {
        let rows = try PackedRows(pairedRows(items), paddedTo: paddingMultiple)
        let head = try learner.requireValueHead(for: name)
        let hidden = try learner.policy.hiddenStates(rows, on: tape)
        let scores = try head.values(hidden, rows: rows.lastTokens, on: tape)
        let numbers = scores.value.array.map { Double($0) }
        let result = Self.loss(chosen: Array(numbers.prefix(items.count)), rejected: Array(numbers.suffix(items.count)))
        var figures = StageFigures()
        if !tape.isRecording { figures.add("accuracy", Double(result.correct), weight: Double(items.count)) }
        let loss = try tape.loss(
            result.mean / divisor, of: scores,
            gradients: (result.gradients + result.gradients.map { -$0 }).map { $0 / divisor })
        return StageLoss(variable: loss, value: result.mean / divisor, figures: figures)
    }

    package var drawnFigures: (training: [String], evaluation: [String]) { ([], ["accuracy"]) }

    /// The mean over pairs of `-log sigmoid(chosen - rejected)`.
    ///
    /// - Returns: `gradients` are those of the mean by each chosen score; those by the rejected ones are their
    ///   negatives
    package static func loss(
        chosen: [Double], rejected: [Double]
    ) -> (mean: Double, gradients: [Double], correct: Int) {
        let margins = zip(chosen, rejected).map { $0 - $1 }
        let count = Double(max(1, margins.count))
        return (
            margins.reduce(0) { $0 - logSigmoid($1) } / count, margins.map { -sigmoid(-$0) / count },
            margins.count { $0 > 0 }
        )
    }
}
