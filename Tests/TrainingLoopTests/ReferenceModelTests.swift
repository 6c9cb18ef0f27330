import JSONDocuments
import RunConfiguration
import Testing
import TrainingLoop

/// Which weights preference learning is held to.
struct ReferenceModelTests {
    private static let settings = [
        "max_steps=2", "eval_dataset=null", "eval_strategy=no", "do_eval=false", "pref_ftx=0", "dpo_label_smoothing=0",
        "lr_scheduler_type=constant",
    ]

    /// - Returns: the margin of rewards at the first step, which is 0 if the policy begins as its own reference, and
    ///   what the run said of the reference
    private func run(_ overrides: String...) throws -> (margin: Double, losses: [Double], note: String) {
        let fixture = RunFixture()
        var note = ""
        try fixture.run("dpo-lora", Self.settings + overrides) {
            if case .note(let text) = $0, text.hasPrefix("the reference is") { note = text }
        }
        let records = try fixture.history()
        return (
            try #require(records.first?["rewards/margins"]?.double), records.compactMap { $0["loss"]?.double }, note
        )
    }

    @Test func anAdapterThatIsContinuedIsNoPartOfIt() throws {
        let (margin, losses, note) = try run()
        #expect(abs(margin) > 1e-4 && losses.count == 2)
        #expect(note.contains("without the adapter") && note.contains("create_new_adapter"))
    }

    @Test func whatWasMergedBeforeIsPartOfIt() throws {
        let (margin, losses, note) = try run("create_new_adapter=true", "lora_rank=4")
        #expect(abs(margin) < 1e-6 && abs(losses[0] - 0.6931472) < 1e-6 && losses[1] != losses[0])
        #expect(note.contains("without the adapter") && !note.contains("create_new_adapter"))
    }

    /// `ref_model` and `ref_model_adapters`: here the adapter that training goes on with.
    @Test func aModelOfItsOwn() throws {
        let bare = try run("ref_model=model")
        let adapted = try run("ref_model=model", "ref_model_adapters=adapter")
        #expect(abs(bare.margin) > 1e-4 && abs(adapted.margin) < 1e-5)
        #expect(adapted.note.hasSuffix("/model with \(RunFixture.folder)/adapter"))
    }

    /// Modules that are trained in the base's places have their originals in the reference.
    @Test func trainedModulesAreNotInIt() throws {
        let (margin, losses, note) = try run("create_new_adapter=true", "additional_target=norm", "learning_rate=0.3")
        #expect(abs(margin) < 1e-5 && losses[1] != losses[0])
        #expect(note.contains("copy"))
    }

    @Test func aWholeModelHasACopy() throws {
        let (margin, losses, note) = try run("finetuning_type=full", "adapter_name_or_path=null")
        #expect(abs(margin) < 1e-6 && abs(losses[0] - 0.6931472) < 1e-6 && losses[1] != losses[0])
        #expect(note.contains("copy"))
    }

    @Test func withoutAReferenceNoneIsLoaded() throws {
        let (_, losses, note) = try run("pref_loss=orpo")
        #expect(losses.count == 2 && note.isEmpty)
        #expect(throws: ConfigurationError.self) { try run("pref_loss=orpo", "ref_model=model") }
        #expect(throws: ConfigurationError.self) { try run("ref_model_adapters=adapter") }
    }
}
