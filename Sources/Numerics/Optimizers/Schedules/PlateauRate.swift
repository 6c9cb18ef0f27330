/// A learning rate that falls when evaluations stop getting better (`reduce_lr_on_plateau`).
package struct PlateauRate: Sendable {
    private enum Mode: String, CaseIterable { case min, max }
    private enum ThresholdMode: String, CaseIterable { case rel, abs }

    private let mode: Mode
    private let factor: Double
    private let patience: Int
    private let threshold: Double
    private let thresholdMode: ThresholdMode
    private let cooldown: Int
    private let minimum: Double
    private let smallestChange: Double

    /// All that changes; a checkpoint keeps it.
    package struct State: Codable, Sendable, Equatable {
        package var rate: Double
        /// The best metric so far; nil before the first.
        package var best: Double?
        /// Evaluations in a row without an improvement.
        package var badEvaluations: Int
        /// Evaluations after a reduction that are still not counted.
        package var cooldownLeft: Int
    }
    package var state: State

    /// - Throws: `OptimizerError` for an option that is unknown or out of range.
    package init(options: [String: ScheduleOption] = [:], baseRate: Double) throws {
        let options = try ScheduleOptions(options, for: .reduceOnPlateau)
        mode = try options.word("mode", .min)
        factor = try options.number("factor") ?? 0.1
        guard factor < 1 else {
            throw OptimizerError.invalidSetting(
                name: "lr_scheduler_kwargs.factor", value: "\(factor)", expected: "less than 1")
        }
        patience = try options.count("patience") ?? 10
        threshold = try options.number("threshold") ?? 1e-4
        thresholdMode = try options.word("threshold_mode", .rel)
        cooldown = try options.count("cooldown") ?? 0
        minimum = try options.number("min_lr") ?? 0
        smallestChange = try options.number("eps") ?? 1e-8
        state = State(rate: baseRate, best: nil, badEvaluations: 0, cooldownLeft: 0)
    }

    /// The rate of the next update.
    package var rate: Double { state.rate }

    /// Takes the metric of one evaluation into account.
    package mutating func observe(_ metric: Double) {
        if isBetter(metric) {
            state.best = metric
            state.badEvaluations = 0
        } else {
            state.badEvaluations += 1
        }
        if state.cooldownLeft > 0 {
            state.cooldownLeft -= 1
            state.badEvaluations = 0
        }
        guard state.badEvaluations > patience else { return }
        let lower = max(state.rate * factor, minimum)
        if state.rate - lower > smallestChange { state.rate = lower }
        state.cooldownLeft = cooldown
        state.badEvaluations = 0
    }

    private func isBetter(_ metric: Double) -> Bool {
        guard let best = state.best else { return !metric.isNaN }
        return switch (mode, thresholdMode) {
        case (.min, .rel): metric < best * (1 - threshold)
        case (.min, .abs): metric < best - threshold
        case (.max, .rel): metric > best * (1 + threshold)
        case (.max, .abs): metric > best + threshold
        }
    }
}
