import Checkpoints
import Foundation
import Synchronization
import Testing
import TrainingLoop

/// A run that is stopped or dies anywhere and goes on leaves what the run without interruption leaves, file by file and
/// byte by byte, but for times.
@Suite(.serialized) struct PauseTests {
    /// A run, and what is special about it.
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var settings: [String]
        var testDescription: String { "\(name) \(settings.joined(separator: " "))" }
    }

    static let common = ["plot_loss=true", "include_num_input_tokens_seen=true"]

    static let cases = [
        // Three micro-batches an update, tokens counted, best model of regular checkpoints.
        Case(name: "sft-full", settings: ["max_steps=3", "eval_steps=1", "save_steps=2", "save_total_limit=1"]),
        // Records of several evaluations, epochs that end within the run, nothing saved.
        Case(
            name: "pt-each",
            settings: ["max_steps=5", "eval_strategy=epoch", "eval_on_start=true", "logging_strategy=epoch"]),
        // The best weights are loaded and no checkpoint is of the last step.
        Case(
            name: "sft-full",
            settings: [
                "max_steps=3", "eval_steps=1", "save_strategy=best", "learning_rate=0.3", "warmup_ratio=0",
                "lr_scheduler_type=reduce_lr_on_plateau",
            ]),
        // Checkpoints that hold weights alone.
        Case(
            name: "sft-full",
            settings: [
                "max_steps=4", "eval_steps=2", "save_steps=2", "save_only_model=true", "save_total_limit=2",
                "eval_strategy=epoch", "save_strategy=steps", "load_best_model_at_end=false",
            ]),
        // Data from a stream, an adapter with dropout.
        Case(
            name: "sft-stream",
            settings: [
                "max_steps=4", "eval_steps=2", "finetuning_type=lora", "lora_rank=4", "lora_dropout=0.3",
                "save_strategy=epoch", "gradient_accumulation_steps=3",
            ]),
    ]

    /// Every fourth moment, another one for each case; all of them with `FINETUNED_RECOVERY`.
    private func sample(_ moments: Int, of number: Int) -> [Int] {
        let isWhole = ProcessInfo.processInfo.environment["FINETUNED_RECOVERY"] != nil
        return Array(stride(from: isWhole ? 1 : 1 + number % 4, through: moments, by: isWhole ? 1 : 4))
    }

    /// What the run leaves without interruption, and how many moments there are at which it can be stopped.
    private func unbroken(_ test: Case, _ fixture: RunFixture) throws -> (contents: [String: String], moments: Int) {
        let looks = Mutex(0)
        let control = TrainingControl { look in
            looks.withLock { $0 = look }
            return false
        }
        #expect(try fixture.run(test.name, PauseTests.common + test.settings, control: control).isFinished)
        defer { try? fixture.clear() }
        return (try fixture.contents(), looks.withLock { $0 })
    }

    @Test(arguments: cases.indices) func stoppedAtMoments(number: Int) throws {
        let (test, fixture) = (PauseTests.cases[number], RunFixture())
        let (expected, moments) = try unbroken(test, fixture)
        #expect(moments > 10)
        for moment in sample(moments, of: number) {
            let control = TrainingControl { $0 == moment }
            #expect(try !fixture.run(test.name, PauseTests.common + test.settings, control: control).isFinished)
            try fixture.run(test.name, PauseTests.common + test.settings, isContinuation: true)
            try fixture.expectContents(expected, "moment \(moment) of \(moments)")
            try fixture.clear()
        }
    }

    /// Stopped again and again, it gets on from each pause.
    @Test(arguments: cases) func stoppedOverAndOver(test: Case) throws {
        let fixture = RunFixture()
        let (expected, _) = try unbroken(test, fixture)
        var attempts = 0
        while attempts < 200 {
            attempts += 1
            // An attempt gets a little further than the one before, so that the run comes to its end.
            let moment = 6 + attempts
            let outcome = try fixture.run(
                test.name, PauseTests.common + test.settings, isContinuation: attempts > 1,
                control: TrainingControl { $0 >= moment })
            if outcome.isFinished { break }
        }
        #expect((3..<200).contains(attempts))
        try fixture.expectContents(expected, "after \(attempts) attempts")
    }

    /// Dying at a moment at which it could have been stopped.
    @Test(arguments: [0, 3]) func killedAtMoments(number: Int) async throws {
        let (test, fixture) = (PauseTests.cases[number], RunFixture())
        let (expected, moments) = try unbroken(test, fixture)
        for moment in sample(moments, of: number + 2) {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [output = fixture.output as String, number = number as Int, moment = moment as Int] in
                let control = TrainingControl { look in
                    if look == moment { kill(getpid(), SIGKILL) }
                    return false
                }
                let test = PauseTests.cases[number]
                try RunFixture(output: output).run(test.name, PauseTests.common + test.settings, control: control)
            }
            try fixture.run(test.name, PauseTests.common + test.settings, isContinuation: true)
            try fixture.expectContents(expected, "moment \(moment) of \(moments)")
            try fixture.clear()
        }
    }

    /// Dying while checkpoints are written and let go, at every third point of that.
    @Test func killedWhileSaving() async throws {
        let (test, fixture) = (PauseTests.cases[0], RunFixture())
        let (expected, _) = try unbroken(test, fixture)
        var point = 1
        var died = true
        while died {
            let result = await #expect(processExitsWith: .failure) {
                [output = fixture.output as String, point = point as Int] in
                setenv(Failpoint.variable, "\(Failpoint.everyName):\(point)", 1)
                let test = PauseTests.cases[0]
                try RunFixture(output: output).run(test.name, PauseTests.common + test.settings)
                exit(3)
            }
            died = result?.exitStatus == .signal(SIGKILL)
            if died {
                try fixture.run(test.name, PauseTests.common + test.settings, isContinuation: true)
                try fixture.expectContents(expected, "point \(point)")
                try fixture.clear()
                point += 3
            }
        }
        #expect(point > 40)
    }
}
