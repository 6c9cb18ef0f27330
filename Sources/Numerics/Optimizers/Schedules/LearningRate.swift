/// The learning rate of a run as it goes on, whichever kind of schedule it follows.
package struct LearningRate: Sendable {
    private enum Kind: Sendable {
        case schedule(LearningRateSchedule)
        case plateau(PlateauRate)
    }
    private var kind: Kind
    /// Updates made so far.
    package private(set) var position = 0

    /// What a checkpoint keeps.
    package struct State: Codable, Sendable, Equatable {
        package var position: Int
        /// Only for `reduce_lr_on_plateau`.
        package var plateau: PlateauRate.State?
    }

    /// - Parameters: as of `LearningRateSchedule.init`; `reduce_lr_on_plateau` ignores the numbers of steps.
    package init(
        _ name: ScheduleName, options: [String: ScheduleOption] = [:], baseRate: Double, warmupSteps: Int,
        totalSteps: Int
    ) throws {
        if name == .reduceOnPlateau {
            kind = .plateau(try PlateauRate(options: options, baseRate: baseRate))
        } else {
            kind = .schedule(
                try LearningRateSchedule(
                    name, options: options, baseRate: baseRate, warmupSteps: warmupSteps, totalSteps: totalSteps))
        }
    }

    /// The rate of the next update.
    package var rate: Double {
        switch kind {
        case .schedule(let schedule): schedule.rate(at: position)
        case .plateau(let plateau): plateau.rate
        }
    }

    /// To be called after each update.
    package mutating func advance() { position += 1 }

    /// To be called after each evaluation with the metric that names the best model; matters to plateaus only.
    package mutating func observe(_ metric: Double) {
        guard case .plateau(var plateau) = kind else { return }
        plateau.observe(metric)
        kind = .plateau(plateau)
    }

    package var state: State {
        if case .plateau(let plateau) = kind { return State(position: position, plateau: plateau.state) }
        return State(position: position, plateau: nil)
    }

    /// Goes on where `state` was taken; a plateau without saved state starts with its first evaluation.
    package mutating func restore(_ state: State) {
        position = max(0, state.position)
        guard case .plateau(var plateau) = kind, let saved = state.plateau else { return }
        plateau.state = saved
        kind = .plateau(plateau)
    }
}
