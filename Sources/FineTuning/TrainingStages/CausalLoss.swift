package import Adapters
package import Datasets
package import LanguageModels
package import Tensors

/// Next-token cross-entropy over micro-batches that make up one update (training-and-inference, 1.13).
///
/// Every micro-batch is divided by the labels of the whole update, so a long and a short one count by their tokens.
package struct CausalLoss: Sendable {
    /// Share of each label that is spread over the vocabulary.
    package var labelSmoothing = 0.0

    package init(labelSmoothing: Double = 0) { self.labelSmoothing = labelSmoothing }

    /// What the summed losses of these items are divided by.
    ///
    /// The reference counts labels before they are shifted, so a row whose first label counts adds one item without
    /// a loss. Only with label smoothing does it count the positions that have a loss.
    package func divisor(of items: some Sequence<TrainingItem>) -> Int {
        items.reduce(0) { count, item in
            let hasLeadingLabel = item.labels.first.map { $0 != Datasets.ignoredLabel } ?? false
            return count + item.labelledCount - (labelSmoothing > 0 && hasLeadingLabel ? 1 : 0)
        }
    }

    /// The result of one micro-batch: its share of the update's loss, and where to start back-propagation.
    package struct Share {
        package let variable: Variable
        package let value: Double
        /// Positions with a loss, and those of them whose label is the likeliest token.
        package let positions: Int
        package let correct: Int
    }

    /// Runs the model over packed items.
    ///
    /// - Parameter divisor: 0 gives a loss of 0 and no gradient: there is nothing to learn
    package func share(
        of items: [TrainingItem], divisor: Int, model: DecoderModel, adapter: LoRAAdapter?, on tape: Tape
    ) throws -> Share {
        let layout = try SequenceLayout(lengths: items.map(\.inputIDs.count))
        let result = try model.loss(
            items.flatMap(\.inputIDs), labels: items.flatMap(\.labels), layout: layout, on: tape,
            adapters: adapter?.projections,
            options: CrossEntropyOptions(
                labelSmoothing: Float(labelSmoothing), scale: divisor > 0 ? Float(1 / Double(divisor)) : 0))
        let vocabulary = Double(model.configuration.vocabularySize)
        let sum = (1 - labelSmoothing) * result.sum + labelSmoothing * result.smoothSum / vocabulary
        return Share(
            variable: result.loss, value: divisor > 0 ? sum / Double(divisor) : 0, positions: result.count,
            correct: result.correct)
    }
}
