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
    private let nextToken: NextTokenLoss

    package init(_ configuration: RunConfiguration) {
        nextToken = NextTokenLoss(labelSmoothing: configuration[Parameters.labelSmoothingFactor])
    }

    package func divisor(of group: [[PreparedItem]]) throws -> Double {
        nextToken.divisor(of: try group.flatMap(sequences))
    }

    package func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss {
        try nextToken.loss(of: sequences(items), divisor: divisor, network: learner.policy, on: tape)
    }

    package func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)] {
        [("perplexity", exp(evaluationLoss))]
    }
}
