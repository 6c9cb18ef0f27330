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

    /// What the reference pads rows with, where that is learned as well (`ignore_pad_token_for_loss: false`).
    package var learnedPadding: Int32?
    /// Rows are padded to a multiple of this.
    package var paddingMultiple = 1

    package init(labelSmoothing: Double = 0, learnedPadding: Int32? = nil, paddingMultiple: Int = 1) {
        self.labelSmoothing = labelSmoothing
        self.learnedPadding = learnedPadding
        self.paddingMultiple = paddingMultiple
    }

    /// The rows of a micro-batch as they are learned: as they are, or with padding that has labels.
    package func rows(_ items: [TrainingItem]) -> [TrainingItem] {
        guard let learnedPadding else { return items }
        let length = PaddedLength.length(of: items.map(\.inputIDs.count), multiple: paddingMultiple)
        return items.map { $0.padded(to: length, with: learnedPadding) }
    }

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
        let layouts = try PackedLayouts(items)
        let result = try model.loss(
            items.flatMap(\.inputIDs), labels: items.flatMap(\.labels), layout: layouts.attention,
            rows: layouts.rows, positions: layouts.positions, on: tape,
            branches: adapter?.branches,
            options: CrossEntropyOptions(
                labelSmoothing: Float(labelSmoothing), scale: divisor > 0 ? Float(1 / Double(divisor)) : 0))
        let vocabulary = Double(model.configuration.vocabularySize)
        let sum = (1 - labelSmoothing) * result.sum + labelSmoothing * result.smoothSum / vocabulary
        return Share(
            variable: result.loss, value: divisor > 0 ? sum / Double(divisor) : 0, positions: result.count,
            correct: result.correct)
    }
}
