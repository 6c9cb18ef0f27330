import JSONDocuments
import Testing
import TrainingLoop

/// `neftune_noise_alpha`: noise in training, none in evaluations and in what is saved.
struct EmbeddingNoiseTests {
    private func history(_ overrides: [String]) throws -> (records: [JSONObject], weights: [UInt8]) {
        let fixture = RunFixture()
        try fixture.run(
            "sft-full", OptimizerRunTests.short + ["save_strategy=no", "max_steps=2"] + overrides)
        return (try fixture.history(), try fixture.bytes("model.safetensors"))
    }

    @Test func onlyTrainingIsNoisy() throws {
        let still = ["learning_rate=0", "eval_strategy=steps", "eval_steps=1", "do_eval=true"]
        let (plain, noisy) = (try history(still), try history(still + ["neftune_noise_alpha=5"]))
        #expect(plain.weights == noisy.weights)
        func values(_ records: [JSONObject], _ key: String) -> [Double] { records.compactMap { $0[key]?.double } }
        #expect(values(plain.records, "eval_loss") == values(noisy.records, "eval_loss"))
        let (losses, noisyLosses) = (values(plain.records, "loss"), values(noisy.records, "loss"))
        #expect(losses.count == 2 && zip(losses, noisyLosses).allSatisfy { $0 != $1 })
    }

    @Test func noiseIsAFunctionOfSeedAndStep() throws {
        let noise = ["neftune_noise_alpha=5"]
        let first = try history(noise)
        #expect(try history(noise).weights == first.weights)
        #expect(try history(noise + ["disable_gradient_checkpointing=false"]).weights == first.weights)
        #expect(try history(noise + ["seed=8", "data_seed=7"]).weights != first.weights)
        #expect(try history(["neftune_noise_alpha=0"]).weights == history([]).weights)
    }

    @Test(arguments: [("sft-full", "model.safetensors"), ("sft-lora", "adapter_model.safetensors")])
    func everyCheckpointLeadsToTheSameEnd(name: String, weights: String) throws {
        try RunFixture.expectEveryCheckpointLeadsToTheSameEnd(
            name, OptimizerRunTests.short + ["neftune_noise_alpha=5", "gradient_accumulation_steps=2"],
            weights: weights)
    }
}
