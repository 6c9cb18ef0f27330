package import RunConfiguration
package import Tokenization

/// The stages that there are.
package enum TrainingStages {
    private static let makers: [Stage: @Sendable (RunConfiguration, Tokenizer) -> any TrainingStage] = [
        .dpo: { configuration, _ in PreferenceOptimization(configuration) },
        .kto: { configuration, _ in FeedbackOptimization(configuration) },
        .pt: { configuration, _ in PreTraining(configuration) },
        .rm: { _, _ in RewardModelling() },
        .sft: { SupervisedFineTuning($0, tokenizer: $1) },
    ]

    /// - Throws: `StageError.notAvailable` for a stage that cannot be trained
    package static func stage(_ configuration: RunConfiguration, tokenizer: Tokenizer) throws -> any TrainingStage {
        try check(configuration)
        guard let make = makers[configuration[Parameters.stage]] else { throw notAvailable(configuration) }
        return make(configuration, tokenizer)
    }

    /// Whether the run's stage can be trained, to be asked before its data is prepared.
    package static func check(_ configuration: RunConfiguration) throws {
        guard makers.keys.contains(configuration[Parameters.stage]) else { throw notAvailable(configuration) }
    }

    private static func notAvailable(_ configuration: RunConfiguration) -> StageError {
        .notAvailable(configuration[Parameters.stage].rawValue, available: makers.keys.map(\.rawValue).sorted())
    }
}
