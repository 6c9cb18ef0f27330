import JSONDocuments
import Testing
import TrainingLoop

/// Runs with losses other than cross-entropy, where the reference has none to compare with.
struct LossRunTests {
    private static let short = OptimizerRunTests.short + ["save_strategy=no"]

    private func losses(_ name: String, _ overrides: [String]) throws -> [Double] {
        let fixture = RunFixture()
        try fixture.run(name, Self.short + overrides)
        return try fixture.history().compactMap { $0["loss"]?.double }
    }

    /// Two micro-batches weigh as their mean; the reference adds them up.
    @Test func anAnchoredUpdateIsTheMeanOfItsMicroBatches() throws {
        let settings = [
            "use_asft_loss=true", "per_device_train_batch_size=1", "learning_rate=0", "disable_shuffling=true",
        ]
        let apart = try losses("sft-full", settings + ["max_steps=4"])
        let together = try losses("sft-full", settings + ["max_steps=2", "gradient_accumulation_steps=2"])
        try #require(apart.count == 4 && together.count == 2)
        for step in 0..<2 {
            let mean = (apart[2 * step] + apart[2 * step + 1]) / 2
            #expect(abs(together[step] - mean) < 1e-6 * mean)
        }
    }

    /// An adapter is held to what it stands on, from the first update if it has learned something already.
    @Test func anAdapterIsHeldToItsBase() throws {
        let settings = ["use_asft_loss=true", "max_steps=2", "warmup_steps=0"]
        let free = try losses("sft-lora", settings + ["asft_alpha=0"])
        let held = try losses("sft-lora", settings + ["asft_alpha=0.5"])
        #expect(held[0] > free[0])
        let fresh = ["adapter_name_or_path=null", "lora_dropout=0"]
        let (first, other) = (
            try losses("sft-lora", settings + fresh + ["asft_alpha=0"]),
            try losses("sft-lora", settings + fresh + ["asft_alpha=0.5"])
        )
        #expect(first[0] == other[0])
    }

    /// A run that goes on is held to the model that the whole run began with.
    @Test(arguments: [["use_asft_loss=true", "asft_alpha=0.7"], ["use_eaft_loss=true"], ["use_dft_loss=true"]])
    func everyCheckpointLeadsToTheSameEnd(variant: [String]) throws {
        try RunFixture.expectEveryCheckpointLeadsToTheSameEnd("sft-full", OptimizerRunTests.short + variant)
    }
}
