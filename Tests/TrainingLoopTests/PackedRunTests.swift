import JSONDocuments
import Testing
import TrainingLoop

/// Packing changes how examples lie in memory; what is learned from them changes only if they see each other.
struct PackedRunTests {
    private func losses(_ overrides: String...) throws -> [Double] {
        let fixture = RunFixture()
        let common = [
            "eval_dataset=null", "eval_strategy=no", "do_eval=false", "save_strategy=no",
            "load_best_model_at_end=false", "cutoff_len=2000",
            "gradient_accumulation_steps=1", "max_steps=3", "lr_scheduler_type=constant", "warmup_ratio=0",
        ]
        #expect(try fixture.run("sft-full", common + overrides).isFinished)
        return try fixture.history().compactMap { $0["loss"]?.double }
    }

    /// Thirteen rows in one pack, or as a batch of thirteen.
    @Test func separatedExamplesLearnAsIfAlone() throws {
        let alone = try losses("per_device_train_batch_size=13")
        let neat = try losses("per_device_train_batch_size=1", "neat_packing=true")
        let plain = try losses("per_device_train_batch_size=1", "packing=true")
        try #require(alone.count == 3 && neat.count == 3 && plain.count == 3)
        for (expected, found) in zip(alone, neat) { #expect(abs(found - expected) <= 1e-5 * expected) }
        #expect(abs(plain[0] - alone[0]) > 1e-3 * alone[0])
    }
}
