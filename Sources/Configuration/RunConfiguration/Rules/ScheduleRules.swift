extension CrossRule {
    /// Rules of the learning-rate schedules (training-and-inference, 1.9).
    static let schedule: [CrossRule] = [
        CrossRule(
            Parameters.lrSchedulerType, "`reduce_lr_on_plateau` watches evaluations, and there are none",
            hint: "set `eval_strategy`"
        ) {
            $0[Parameters.lrSchedulerType] == .reduceOnPlateau && $0[Parameters.evalStrategy] == .no
        },
        CrossRule(
            Parameters.lrSchedulerKwargs, "this schedule needs exactly one of `min_lr` and `min_lr_rate`",
            hint: "for example lr_scheduler_kwargs: {min_lr_rate: 0.1}"
        ) {
            let type = $0[Parameters.lrSchedulerType]
            guard type == .cosineWithMinimum || type == .cosineWarmupWithMinimum else { return false }
            let options = $0[Parameters.lrSchedulerKwargs]
            return (options?.number("min_lr") == nil) == (options?.number("min_lr_rate") == nil)
        },
        CrossRule(
            Parameters.lrSchedulerKwargs, "the schedule polynomial must end below `learning_rate`",
            hint: "lower `lr_end` or raise `learning_rate`"
        ) {
            guard $0[Parameters.lrSchedulerType] == .polynomial else { return false }
            return $0[Parameters.learningRate] <= ($0[Parameters.lrSchedulerKwargs]?.number("lr_end") ?? 1e-7)
        },
        CrossRule(
            Parameters.lrSchedulerKwargs, "`lr_scheduler_kwargs` has an entry that this schedule does not know",
            hint: "see the schedules in docs/parameters.md"
        ) { configuration in
            let known = configuration[Parameters.lrSchedulerType].options
            return configuration[Parameters.lrSchedulerKwargs]?.entries.contains { !known.contains($0.key) } ?? false
        },
    ]
}

extension LearningRateScheduleName {
    /// The entries of `lr_scheduler_kwargs` that the schedule reads.
    package var options: [String] {
        switch self {
        case .linear, .constant, .constantWithWarmup: []
        case .cosine, .cosineWithRestarts: ["num_cycles"]
        case .polynomial: ["lr_end", "power"]
        case .inverseSquareRoot: ["timescale"]
        case .reduceOnPlateau:
            ["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"]
        case .cosineWithMinimum: ["num_cycles", "min_lr", "min_lr_rate"]
        case .cosineWarmupWithMinimum: ["num_cycles", "min_lr", "min_lr_rate", "warmup_lr_rate"]
        case .warmupStableDecay:
            [
                "num_stable_steps", "num_decay_steps", "num_cycles", "min_lr_ratio", "decay_type", "warmup_type",
            ]
        }
    }
}
