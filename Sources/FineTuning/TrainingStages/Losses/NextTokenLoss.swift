package import Datasets
import LanguageModels
package import Tensors

/// Next-token cross-entropy, which an update's labels are divided by (training-and-inference, 1.13).
///
/// Every micro-batch is divided by the labels of the whole update, so a long and a short one count by their tokens.
package struct NextTokenLoss: TokenLoss {
    /// Share of each label that is spread over the vocabulary.
    package var labelSmoothing: Double
    /// How much each label counts; nil for all alike. The divisor counts labels whatever their weights.
    package var weighting: (any LabelWeighting)?

    package init(labelSmoothing: Double = 0, weighting: (any LabelWeighting)? = nil) {
        self.labelSmoothing = labelSmoothing
        self.weighting = weighting
    }

    /// The reference counts labels before they are shifted, so a row whose first label counts adds one item without
    /// a loss. Only with label smoothing does it count the positions that have a loss.
    package func divisor(of group: [[TrainingItem]]) -> Double {
        Double(
            group.joined().reduce(0) { count, row in
                let hasLeadingLabel = row.labels.first.map { $0 != ignoredLabel } ?? false
                return count + row.labelledCount - (labelSmoothing > 0 && hasLeadingLabel ? 1 : 0)
            })
    }

    package func loss(
        of rows: PackedRows, divisor: Double, learner: Learner, on tape: Tape
    ) throws -> TokenLossResult {
        let result = try learner.policy.crossEntropy(
            rows,
            options: CrossEntropyOptions(
                labelSmoothing: Float(labelSmoothing), scale: divisor > 0 ? Float(1 / divisor) : 0,
                weighting: weighting), on: tape)
        let vocabulary = Double(learner.policy.model.configuration.vocabularySize)
        let sum = (1 - labelSmoothing) * result.sum + labelSmoothing * result.smoothSum / vocabulary
        return TokenLossResult(result, value: divisor > 0 ? sum / divisor : 0)
    }
}
