package import Datasets
package import RunConfiguration
package import Tensors

/// Stage `dpo`: learning from pairs of answers without a reward model (training-and-inference, 2.3).
///
/// Policy and reference each go over a micro-batch once, chosen answers first. An update's loss is the mean over its
/// micro-batches.
package struct PreferenceOptimization: TrainingStage {
    package let name = "dpo"
    package let itemKind = PreparedItem.Kind.preference
    package let usesDropout = false
    package let paddingMultiple = 8
    private let loss: PreferenceLoss
    /// Weight of the supervised loss on chosen answers.
    private let supervisedWeight: Double
    /// Weight of the classifier's loss.
    private let classifierWeight: Double
    /// Weight of an answer's tokens beyond the length of the other one; nil for 1.
    private let lengthWeight: Double?

    package init(_ configuration: RunConfiguration) {
        loss = PreferenceLoss(configuration)
        supervisedWeight = configuration[Parameters.prefFtx]
        classifierWeight = configuration[Parameters.prefBcoWeight]
        lengthWeight = configuration[Parameters.ldAlpha]
    }

    package var needs: LearnerNeeds { LearnerNeeds(reference: loss.needsReference) }

    package func countedRows(of items: [PreparedItem]) throws -> [TrainingItem] { try pairedRows(items) }

    package func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss {
        let rows = try PackedRows(pairedRows(items))
        var base: [Double]?
        if loss.needsReference {
            let labelled = try learner.requireReference(for: name).labelled(rows, on: Tape(recording: false))
            base = (loss.averages ? labelled.means : labelled.sums).values
        }
        let labelled = try learner.policy.labelled(rows, on: tape)
        let policy = logProbabilities(labelled, pairs: items.count)
        var result = loss.result(policy: policy.values, reference: base)
        if classifierWeight > 1e-6, loss.needsReference {
            let shift = RewardShift.value(result.rewards, isTraining: tape.isRecording, &memory)
            result.mixClassifier(weight: classifierWeight, shift: shift, beta: loss.beta)
        }
        if supervisedWeight > 1e-6 {
            result.addSupervision(
                weight: supervisedWeight, policy: policy.values,
                lengths: loss.averages ? policy.counts.map { _ in 1 } : policy.counts)
        }
        let variable = try policy.loss(
            result.mean / divisor, gradients: result.gradients.map { $0 / divisor }, on: tape)
        return StageLoss(
            variable: variable, value: result.mean / divisor,
            figures: figures(result, policy: policy.values, logits: labelled.meanLogits))
    }

    private func logProbabilities(_ labelled: LabelledRows, pairs: Int) -> RowLogProbabilities {
        guard let lengthWeight else { return loss.averages ? labelled.means : labelled.sums }
        let counts = labelled.ranges.map(\.count)
        return labelled.sums(
            weighing: { place in
                let pair = place.row % max(1, pairs)
                return place.place < min(counts[pair], counts[pair + pairs]) ? 1 : lengthWeight
            }, divided: loss.averages)
    }

    private func figures(_ result: PreferenceLoss.Result, policy: [Double], logits: [Double]) -> StageFigures {
        let count = policy.count / 2
        func mean(_ numbers: some Sequence<Double>) -> Double { numbers.reduce(0, +) / Double(max(1, count)) }
        let (chosen, rejected) = (result.rewards.prefix(count), result.rewards.suffix(count))
        var figures = StageFigures()
        figures.add("rewards/chosen", mean(chosen))
        figures.add("rewards/rejected", mean(rejected))
        figures.add("rewards/accuracies", mean(zip(chosen, rejected).map { $0 > $1 ? 1 : 0 }))
        figures.add("rewards/margins", mean(zip(chosen, rejected).map { $0 - $1 }))
        figures.add("logps/chosen", mean(policy.prefix(count)))
        figures.add("logps/rejected", mean(policy.suffix(count)))
        figures.add("logits/chosen", mean(logits.prefix(count)))
        figures.add("logits/rejected", mean(logits.suffix(count)))
        if loss.kind == .orpo {
            let supervised = -mean(policy.prefix(count))
            figures.add("sft_loss", supervised)
            figures.add("odds_ratio_loss", (result.mean - supervised) / loss.beta)
        }
        return figures
    }

    package var drawnFigures: (training: [String], evaluation: [String]) { (["rewards/accuracies"], []) }
}
