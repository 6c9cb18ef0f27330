package import Datasets
import LanguageModels
package import RunConfiguration
package import Tensors

/// Stage `kto`: learning from single answers that are desired or not (training-and-inference, 2.4).
///
/// How far the policy has drifted is judged by answers to other rows' prompts. An update's loss is the mean over its
/// micro-batches.
package struct FeedbackOptimization: TrainingStage {
    package let name = "kto"
    package let itemKind = PreparedItem.Kind.feedback
    package let needs = LearnerNeeds(reference: true)
    package let usesDropout = false
    package let paddingMultiple = 8
    private let loss: FeedbackLoss
    /// Weight of the supervised loss on desired answers.
    private let supervisedWeight: Double

    package init(_ configuration: RunConfiguration) {
        loss = FeedbackLoss(
            beta: configuration[Parameters.prefBeta], desiredWeight: configuration[Parameters.ktoChosenWeight],
            undesiredWeight: configuration[Parameters.ktoRejectedWeight])
        supervisedWeight = configuration[Parameters.prefFtx]
    }

    package func countedRows(of items: [PreparedItem]) throws -> [TrainingItem] {
        try feedback(items).map(\.target)
    }

    package func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss {
        let feedback = try feedback(items)
        let reference = try learner.requireReference(for: name)
        func sums(_ network: Network, _ rows: PackedRows) throws -> [Double] {
            try network.labelled(rows, on: Tape(recording: false)).sums.values
        }
        let mismatched = try PackedRows(feedback.map(\.mismatched))
        let drifts = zip(try sums(learner.policy, mismatched), try sums(reference, mismatched)).map { $0 - $1 }
        let rows = try PackedRows(feedback.map(\.target))
        let base = try sums(reference, rows)
        let labelled = try learner.policy.labelled(rows, on: tape)
        let policy = labelled.sums
        var result = loss.result(
            zip(policy.values, base).map { $0 - $1 }, isDesired: feedback.map(\.isDesired), drifts: drifts)
        if supervisedWeight > 1e-6 {
            result.addSupervision(
                weight: supervisedWeight, policy: policy.values, lengths: policy.counts,
                isDesired: feedback.map(\.isDesired))
        }
        let variable = try policy.loss(
            result.mean / divisor, gradients: result.gradients.map { $0 / divisor }, on: tape)
        let vocabulary = Double(learner.policy.model.configuration.vocabularySize)
        let logits = zip(labelled.meanLogits, rows.layout.lengths).map { $0 * Double($1) * vocabulary }
        return StageLoss(
            variable: variable, value: result.mean / divisor,
            figures: figures(result, feedback.map(\.isDesired), policy: policy.values, logits: logits))
    }

    /// Sums over the examples of each kind with their number; a kind that is not there has none.
    private func figures(
        _ result: FeedbackLoss.Result, _ isDesired: [Bool], policy: [Double], logits: [Double]
    ) -> StageFigures {
        var figures = StageFigures()
        for (kind, desired) in [("chosen", true), ("rejected", false)] {
            let members = isDesired.indices.filter { isDesired[$0] == desired }
            guard !members.isEmpty else { continue }
            for (name, numbers) in [("rewards", result.rewards), ("logps", policy), ("logits", logits)] {
                figures.add(
                    "\(name)/\(kind)", members.reduce(0) { $0 + numbers[$1] }, weight: Double(members.count))
            }
        }
        figures.add("kl", result.drift)
        return figures
    }

    package func record(of figures: StageFigures) -> [(name: String, value: Double)] {
        guard let chosen = figures.mean("rewards/chosen"), let rejected = figures.mean("rewards/rejected") else {
            return figures.means
        }
        return figures.means + [("rewards/margins", chosen - rejected)]
    }

    package var drawnFigures: (training: [String], evaluation: [String]) { (["rewards/chosen"], []) }

    /// - Throws: `StageError.wrongItem`
    private func feedback(_ items: [PreparedItem]) throws -> [FeedbackItem] {
        try items.map { item in
            guard case .feedback(let feedback) = item else {
                throw StageError.wrongItem(stage: name, expected: itemKind, found: item.kind)
            }
            return feedback
        }
    }
}
