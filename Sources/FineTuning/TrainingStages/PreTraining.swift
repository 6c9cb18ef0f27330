package import Datasets
import Glibc
package import RunConfiguration
package import Tensors

/// Stage `pt`: learning whole texts.
package struct PreTraining: TrainingStage {
    package let name = "pt"
    package let itemKind = PreparedItem.Kind.sequence
    package let takesAuxiliaryLosses = true
    package let paddingMultiple = 1
    private let objective: TokenObjective

    package init(_ configuration: RunConfiguration) {
        objective = TokenObjective(
            loss: NextTokenLoss(labelSmoothing: configuration[Parameters.labelSmoothingFactor]),
            tellsAccuracy: configuration[Parameters.computeAccuracy])
    }

    package func divisor(of group: [[PreparedItem]]) throws -> Double {
        objective.loss.divisor(of: try group.map(sequences))
    }

    package func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss {
        try objective.stageLoss(
            of: PackedRows(sequences(items), paddedTo: paddingMultiple), divisor: divisor, learner: learner, on: tape)
    }

    package func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)] {
        [("perplexity", exp(evaluationLoss))]
    }

    package var drawnFigures: (training: [String], evaluation: [String]) { ([], objective.evaluationFigures) }
}
