import Checkpoints
import JSONDocuments
import RunConfiguration
import Testing
import TrainingLoop

/// When a run logs, evaluates, judges and saves.
struct AgendaTests {
    private func agenda(_ lines: String, total: Int, evaluations: Int = 1, judges: Bool = false) throws -> RunAgenda {
        let configuration = try RunConfiguration.parse(yaml: lines, name: "test")
        return RunAgenda(
            decisions: StepDecisions(configuration, totalSteps: total), evaluations: evaluations, judges: judges)
    }

    @Test func actionsOfAStepComeInOrder() throws {
        let agenda = try agenda(
            """
            logging_steps: 2
            logging_first_step: true
            eval_strategy: steps
            eval_steps: 4
            save_strategy: steps
            save_steps: 3
            """, total: 13, evaluations: 2, judges: true)
        func actions(_ step: Int) -> [RunAction] { agenda.after(step: step, epoch: 0.5, endsEpoch: false) }
        let evaluation: [RunAction] = [.evaluate(0), .evaluate(1), .judge]
        #expect(actions(1) == [.log] && actions(2) == [.log] && actions(3) == [.save])
        #expect(actions(4) == [.log] + evaluation && actions(5) == [])
        #expect(actions(12) == [.log] + evaluation + [.save])
        // The last step is evaluated and saved in any case, but not logged.
        #expect(actions(13) == evaluation + [.save])
    }

    @Test func anEpochAlsoEndsWhereTheRunDoes() throws {
        let agenda = try agenda(
            "logging_strategy: epoch\neval_strategy: epoch\neval_delay: 1.5\nsave_strategy: epoch\n", total: 5)
        #expect(agenda.after(step: 2, epoch: 1, endsEpoch: true) == [.log, .save])
        #expect(agenda.after(step: 3, epoch: 1.5, endsEpoch: false) == [])
        #expect(agenda.after(step: 4, epoch: 2, endsEpoch: true) == [.log, .evaluate(0), .save])
        #expect(agenda.after(step: 5, epoch: 2.5, endsEpoch: false) == [.log, .evaluate(0), .save])
    }

    @Test func stepsWaitForTheDelay() throws {
        let agenda = try agenda(
            "logging_steps: 100\neval_strategy: steps\neval_steps: 1\neval_delay: 3\nsave_strategy: 'no'\n", total: 9)
        #expect(agenda.after(step: 2, epoch: 0, endsEpoch: false) == [])
        #expect(agenda.after(step: 3, epoch: 0, endsEpoch: false) == [.evaluate(0)])
    }

    /// What is found at the start is reported, and compared with nothing.
    @Test func theStartIsNotJudged() throws {
        let agenda = try agenda("logging_steps: 1", total: 1, evaluations: 2, judges: true)
        #expect(agenda.atStart(evaluates: true) == [.evaluate(0), .evaluate(1)])
        #expect(agenda.atStart(evaluates: false) == [])
    }

    @Test(arguments: [(0.25, 10, 3), (0.001, 10, 1), (1, 10, 1), (7, 10, 7), (1e300, 10, 1_000_000_000_000_000)])
    func intervalsMayBeShares(value: Double, total: Int, steps: Int) {
        #expect(StepDecisions.interval(value, totalSteps: total) == steps)
    }

    @Test func strictlyBetterEvaluationsWin() throws {
        let lower = BestModelRule(metric: "eval_loss", largerIsBetter: false)
        let higher = BestModelRule(metric: "eval_accuracy", largerIsBetter: true)
        var state = TrainerState()
        func judged(_ rule: BestModelRule, step: Int, _ value: Double) throws -> Bool {
            state.step = step
            return try rule.update(&state, with: [rule.metric: .number(value)])
        }
        #expect(try judged(lower, step: 1, 2.0))
        #expect(try !judged(lower, step: 2, 2.0))
        #expect(try judged(lower, step: 3, 1.5))
        #expect(try !judged(lower, step: 4, 1.75))
        #expect(state.bestStep == 3 && state.bestMetric == 1.5)
        (state.bestMetric, state.bestStep) = (nil, nil)
        #expect(try judged(higher, step: 1, 0.5))
        #expect(try !judged(higher, step: 2, 0.5))
        #expect(try judged(higher, step: 3, 0.75))
        let error = #expect(throws: TrainingError.self) {
            try higher.update(&state, with: ["eval_loss": 1, "loss": 2])
        }
        #expect(error.map { "\($0)".contains("eval_accuracy") && "\($0)".contains("it reports eval_loss") } == true)
    }

    /// Nothing, a whole checkpoint, or what weights alone lack.
    @Test func aPauseWritesWhatIsMissing() {
        #expect(PauseDecision.decide(step: 0, newest: nil) == .nothing)
        #expect(PauseDecision.decide(step: 3, newest: nil) == .save)
        #expect(PauseDecision.decide(step: 3, newest: (2, true)) == .save)
        #expect(PauseDecision.decide(step: 3, newest: (3, true)) == .nothing)
        #expect(PauseDecision.decide(step: 3, newest: (3, false)) == .complete)
        #expect(PauseDecision.decide(step: 3, newest: (2, false)) == .save)
    }
}
