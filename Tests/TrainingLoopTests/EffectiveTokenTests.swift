import JSONDocuments
import Testing

/// `include_effective_tokens_per_second`: tokens of the data times epochs, by the seconds of training.
struct EffectiveTokenTests {
    @Test func tokensAreThoseOfTheDataWithoutPadding() throws {
        let fixture = RunFixture()
        try fixture.run(
            "sft-full",
            [
                "include_effective_tokens_per_second=true", "include_num_input_tokens_seen=non_padding",
                "num_train_epochs=2", "load_best_model_at_end=false", "eval_strategy=no", "do_eval=false",
            ])
        let results = try fixture.json("train_results.json")
        let speed = try #require(results["effective_tokens_per_sec"]?.double)
        let (runtime, seen) = (
            try #require(results["train_runtime"]?.double), try #require(results["num_input_tokens_seen"]?.double)
        )
        // The runtime in the file is rounded.
        #expect(abs(speed * runtime / seen - 1) < 0.01)
        #expect(try fixture.history().allSatisfy { $0["effective_tokens_per_sec"] == nil })
        #expect(try RunFixture.json("\(fixture.output)/all_results.json")["effective_tokens_per_sec"] != nil)
    }

    @Test func itIsLeftOutUnlessAskedFor() throws {
        let fixture = RunFixture()
        try fixture.run("sft-full", OptimizerRunTests.short + ["save_strategy=no"])
        #expect(try fixture.json("train_results.json")["effective_tokens_per_sec"] == nil)
    }
}
