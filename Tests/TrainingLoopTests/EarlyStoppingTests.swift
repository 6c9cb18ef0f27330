import Checkpoints
import Foundation
import JSONDocuments
import Testing
import TrainingLoop

/// `early_stopping_steps`: evaluations that bring nothing better end a run.
struct EarlyStoppingTests {
    @Test func evaluationsInARowAreCounted() {
        var stopping = EarlyStopping(patience: 2)
        var ends: [Bool] = []
        for isImprovement in [true, false, true, false, false] {
            stopping.observe(isImprovement: isImprovement)
            ends.append(stopping.endsRun)
        }
        #expect(ends == [false, false, false, false, true])
    }

    @Test func theStateSurvivesAsTransformersWritesIt() throws {
        var state = TrainerState()
        state.earlyStopping = EarlyStopping(patience: 3, waited: 2)
        #expect(try TrainerState(JSONValue(parsing: state.bytes), path: "s").earlyStopping == state.earlyStopping)
        let theirs = try RunFixture.json("\(RunFixture.folder)/runs/sft-early/trainer_state.json")
        #expect(try TrainerState(theirs, path: "s").earlyStopping == EarlyStopping(patience: 2, waited: 2))
        let fixture = RunFixture()
        try fixture.run("sft-early")
        let ours = try fixture.json("trainer_state.json")
        #expect(ours["stateful_callbacks"] == theirs["stateful_callbacks"])
        #expect(ours["global_step"] == theirs["global_step"] && ours["best_metric"] != nil)
    }

    /// Within an epoch the end of training is the epoch's end as well.
    @Test func theEpochEndsWithTheRun() throws {
        let fixture = RunFixture()
        var notes: [String] = []
        try fixture.run(
            "sft-early", ["logging_strategy=epoch", "save_strategy=no", "load_best_model_at_end=false"]
        ) { if case .note(let text) = $0 { notes.append(text) } }
        let records = try fixture.history()
        #expect(records.filter { $0["loss"] != nil }.map { $0["step"] } == [4])
        #expect(notes.contains { $0.hasPrefix("training ends at step 4: 2 evaluations") })
    }

    @Test func everyCheckpointLeadsToTheSameEnd() throws {
        // Each run looks for the best model in its own folder.
        try RunFixture.expectEveryCheckpointLeadsToTheSameEnd(
            "sft-early", ["save_total_limit=null", "load_best_model_at_end=false"])
    }

    /// A checkpoint that was kept after the end was decided leads to the same end, and more patience past it.
    @Test func aRunThatHasEndedStaysEnded() throws {
        let fixture = RunFixture()
        try fixture.run("sft-early", ["save_total_limit=null"])
        let settings = ["resume_from_checkpoint=\(fixture.output)/checkpoint-4"]
        #expect(try RunFixture().run("sft-early", settings).step == 4)
        let patient = settings + ["early_stopping_steps=3", "max_steps=5"]
        #expect(try RunFixture().run("sft-early", patient).step == 5)
    }
}
