/// Something a run does between two updates, whole or not at all.
package enum RunAction: Codable, Equatable, Sendable {
    case log
    /// Evaluates on one of the run's evaluation sets, by its number.
    case evaluate(Int)
    /// Compares the evaluations just made with the best before.
    case judge
    case save
}

/// What follows an update, and in which order.
package struct RunAgenda: Equatable, Sendable {
    let decisions: StepDecisions
    /// Evaluation sets.
    let evaluations: Int
    /// Whether evaluations are compared.
    let judges: Bool

    package init(decisions: StepDecisions, evaluations: Int, judges: Bool) {
        self.decisions = decisions
        self.evaluations = evaluations
        self.judges = judges
    }

    /// Before the first update.
    ///
    /// - Parameter evaluates: `eval_on_start`; what is found is reported and not compared, as in the reference
    package func atStart(evaluates: Bool) -> [RunAction] {
        evaluates ? (0..<evaluations).map { .evaluate($0) } : []
    }

    /// - Parameters:
    ///   - step: updates made
    ///   - epoch: epochs done
    ///   - endsEpoch: whether the update was its epoch's last; an epoch also ends where the run does
    package func after(step: Int, epoch: Double, endsEpoch: Bool) -> [RunAction] {
        list(decisions.afterStep(step))
            + (endsEpoch || step >= decisions.totalSteps ? list(decisions.afterEpoch(epoch)) : [])
    }

    /// After an update whose evaluations end the run, beside what was due anyway: its epoch ends with it.
    ///
    /// - Parameter endsEpoch: whether the update was its epoch's last, whose end is on the list already
    package func atEarlyEnd(step: Int, epoch: Double, endsEpoch: Bool) -> [RunAction] {
        endsEpoch || step >= decisions.totalSteps ? [] : list(decisions.afterEpoch(epoch))
    }

    private func list(_ due: StepDecisions.Due) -> [RunAction] {
        (due.logs ? [.log] : [])
            + (due.evaluates ? (0..<evaluations).map { .evaluate($0) } + (judges ? [.judge] : []) : [])
            + (due.saves ? [.save] : [])
    }
}
