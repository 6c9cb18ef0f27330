package import RunConfiguration

/// What distinguishes the stages that train on plain sequences.
package protocol TrainingStage: Sendable {
    /// Rows of the reference's batches are padded to a multiple of this; only counts of tokens depend on it.
    var paddingMultiple: Int { get }
    /// The loss of an evaluation from the mean loss of each batch and its number of items.
    func evaluationLoss(of batches: [(mean: Double, items: Int)]) -> Double
    /// Figures that only the evaluation after training has, from its loss; under names without prefix.
    func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)]
}

package enum TrainingStages {
    /// The stage's rules, nil for one that this version cannot train.
    package static func rules(for stage: Stage) -> (any TrainingStage)? {
        switch stage {
        case .sft: SupervisedFineTuning()
        case .pt: PreTraining()
        case .rm, .ppo, .dpo, .kto: nil
        }
    }
}
