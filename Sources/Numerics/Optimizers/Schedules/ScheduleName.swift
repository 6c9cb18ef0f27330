/// The learning-rate schedules of `lr_scheduler_type`.
package enum ScheduleName: String, CaseIterable, Sendable {
    case linear
    case cosine
    case cosineWithRestarts = "cosine_with_restarts"
    case polynomial
    case constant
    case constantWithWarmup = "constant_with_warmup"
    case inverseSquareRoot = "inverse_sqrt"
    case reduceOnPlateau = "reduce_lr_on_plateau"
    case cosineWithMinimum = "cosine_with_min_lr"
    case cosineWarmupWithMinimum = "cosine_warmup_with_min_lr"
    case warmupStableDecay = "warmup_stable_decay"

    /// - Throws: `OptimizerError.unavailable`, naming what there is.
    package init(named name: String) throws {
        guard let known = Self(rawValue: name) else {
            throw OptimizerError.unavailable(
                kind: "learning-rate schedule", name: name, available: Self.allCases.map(\.rawValue))
        }
        self = known
    }

    /// The entries of `lr_scheduler_kwargs` that the schedule reads.
    var options: [String] {
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
            ["num_stable_steps", "num_decay_steps", "num_cycles", "min_lr_ratio", "decay_type", "warmup_type"]
        }
    }
}
