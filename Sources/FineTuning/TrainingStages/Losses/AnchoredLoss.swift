package import Datasets
package import Tensors

/// `use_asft_loss`: each label counts by its own probability, and the predictions are held to those of the model that
/// training began with (anchored supervised fine-tuning, arXiv 2509.23753).
///
/// Each micro-batch's loss is the mean over its labels, and an update's the mean of its micro-batches; the reference
/// forgets to divide by their number (finetuning, 5.7).
package struct AnchoredLoss: TokenLoss {
    private let strength: Double

    /// - Parameter strength: factor on the mean divergence
    package init(strength: Double) { self.strength = strength }

    package var needs: LearnerNeeds { LearnerNeeds(reference: true) }

    package func divisor(of group: [[TrainingItem]]) -> Double { Double(group.count) }

    package func loss(
        of rows: PackedRows, divisor: Double, learner: Learner, on tape: Tape
    ) throws -> TokenLossResult {
        let reference = try learner.requireReference(for: "sft")
        let labels = try rows.labelledPositions
        let share = labels > 0 && divisor > 0 ? 1 / (Double(labels) * divisor) : 0
        let result = try learner.policy.crossEntropy(
            rows, options: CrossEntropyOptions(scale: Float(share), weighting: LabelProbability()),
            anchor: reference.anchor(rows, strength: Float(strength), like: tape), on: tape)
        return TokenLossResult(result, value: share * (result.sum + strength * result.divergence))
    }
}
