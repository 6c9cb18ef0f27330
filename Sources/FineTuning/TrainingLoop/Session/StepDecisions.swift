package import RunConfiguration

/// When a run logs, evaluates and saves: pure rules over step numbers (training-and-inference, 1.14).
package struct StepDecisions: Equatable, Sendable {
    /// What is due, in the order in which it is done.
    package struct Due: Equatable, Sendable {
        package var logs = false
        package var evaluates = false
        package var saves = false
    }

    var totalSteps: Int
    var loggingStrategy: IntervalStrategy
    var loggingSteps: Int
    var logsFirstStep: Bool
    var evaluationStrategy: IntervalStrategy
    var evaluationSteps: Int
    var evaluationDelay: Double
    var saveStrategy: SaveStrategy
    var saveSteps: Int

    package func afterStep(_ step: Int) -> Due {
        var due = Due()
        due.logs = step == 1 && logsFirstStep || loggingStrategy == .steps && step % loggingSteps == 0
        let isLast = step >= totalSteps
        // The last step is evaluated and saved even if it is no multiple.
        due.evaluates =
            evaluationStrategy == .steps && (step % evaluationSteps == 0 || isLast)
            && evaluationDelay <= Double(step)
        due.saves = saveStrategy == .steps && (saveSteps > 0 && step % saveSteps == 0 || isLast)
        return due
    }

    /// - Parameter epoch: epochs done, fractional when the run ends within one
    package func afterEpoch(_ epoch: Double) -> Due {
        Due(
            logs: loggingStrategy == .epoch, evaluates: evaluationStrategy == .epoch && evaluationDelay <= epoch,
            saves: saveStrategy == .epoch)
    }

    /// An interval given as a number of steps, or below 1 as a share of all steps.
    package static func interval(_ value: Double, totalSteps: Int) -> Int {
        value < 1 ? max(1, Int((Double(totalSteps) * value).rounded(.up))) : Int(min(value, 1e15))
    }
}

extension StepDecisions {
    package init(_ configuration: RunConfiguration, totalSteps: Int) {
        func interval(_ value: Double) -> Int { Self.interval(value, totalSteps: totalSteps) }
        self.totalSteps = totalSteps
        loggingStrategy = configuration[Parameters.loggingStrategy]
        loggingSteps = interval(configuration[Parameters.loggingSteps])
        logsFirstStep = configuration[Parameters.loggingFirstStep]
        evaluationStrategy = configuration[Parameters.evalStrategy]
        evaluationSteps = interval(configuration.evaluationSteps)
        evaluationDelay = configuration[Parameters.evalDelay]
        saveStrategy = configuration[Parameters.saveStrategy]
        saveSteps = interval(configuration[Parameters.saveSteps])
    }
}
