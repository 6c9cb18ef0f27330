package import Datasets
import LanguageModels
package import Tensors

/// Next-token cross-entropy, which an update's labels are divided by (training-and-inference, 1.13).
///
/// Every micro-batch is divided by the labels of the whole update, so a long and a short one count by their tokens.
package struct NextTokenLoss: Equatable, Sendable {
    /// Share of each label that is spread over the vocabulary.
    package var labelSmoothing: Double

    package init(labelSmoothing: Double = 0) { self.labelSmoothing = labelSmoothing }

    /// What the summed losses of these rows are divided by.
    ///
    /// The reference counts labels before they are shifted, so a row whose first label counts adds one item without
    /// a loss. Only with label smoothing does it count the positions that have a loss.
    package func divisor(of rows: some Sequence<TrainingItem>) -> Double {
        Double(
            rows.reduce(0) { count, row in
                let hasLeadingLabel = row.labels.first.map { $0 != ignoredLabel } ?? false
                return count + row.labelledCount - (labelSmoothing > 0 && hasLeadingLabel ? 1 : 0)
            })
    }

    /// - Parameter divisor: 0 gives a loss of 0 and no gradient: there is nothing to learn
    package func loss(of rows: [TrainingItem], divisor: Double, network: Network, on tape: Tape) throws -> StageLoss {
        let result = try network.crossEntropy(
            PackedRows(rows),
            options: CrossEntropyOptions(
                labelSmoothing: Float(labelSmoothing), scale: divisor > 0 ? Float(1 / divisor) : 0), on: tape)
        let vocabulary = Double(network.model.configuration.vocabularySize)
        let sum = (1 - labelSmoothing) * result.sum + labelSmoothing * result.smoothSum / vocabulary
        return StageLoss(variable: result.count > 0 ? result.loss : nil, value: divisor > 0 ? sum / divisor : 0)
    }
}
