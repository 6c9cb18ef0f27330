import Foundation
import JSONDocuments
import Tensors
import Testing
import TrainingLoop
import WeightFiles

/// Whole runs against LLaMA-Factory's: shuffling, short last accumulation, decay, evaluation, best model, schedules.
struct ReferenceRunTests {
    @Test(
        arguments: [
            ("sft-full", "model"), ("sft-lora", "adapter_model"), ("pt-full", "model"), ("sft-smoothed", "model"),
            ("sft-entropy", "model"), ("sft-early", "model"), ("sft-grouped", "model"),
            ("sft-packed", "model"), ("sft-neat", "model"), ("pt-each", "model"), ("sft-padding", "model"),
            ("sft-stream", "model"), ("sft-stream-mixed", "model"), ("pt-stream", "model"),
            ("rm-lora", "adapter_model"), ("dpo-lora", "adapter_model"), ("kto-full", "model"),
            ("sft-oft", "adapter_model"), ("sft-two", "adapter_model"),
        ])
    func agreesWithReference(name: String, weights: String) throws {
        let fixture = RunFixture()
        #expect(try fixture.run(name).isFinished)
        let reference = "\(RunFixture.folder)/runs/\(name)"
        let theirs = try #require(RunFixture.json("\(reference)/trainer_state.json")["log_history"]?.array)
        let ours = try #require(fixture.json("trainer_state.json")["log_history"]?.array)
        try #require(ours.count == theirs.count)
        for (our, their) in zip(ours, theirs) { try expectSame(our, their, in: name) }
        try expectSame(
            fixture.json("all_results.json"), RunFixture.json("\(reference)/all_results.json"), in: name)
        let expected = try SafetensorsFile(path: "\(reference)/final_\(weights).safetensors")
        let found = try SafetensorsFile(path: "\(fixture.output)/\(weights).safetensors")
        #expect(Set(found.records.map(\.name)) == Set(expected.records.map(\.name)))
        for record in expected.records {
            let (a, b) = (
                try found.tensor(named: record.name).array, try expected.tensor(named: record.name).array
            )
            try #require(a.count == b.count)
            let largest = b.reduce(0) { max($0, abs($1)) }
            #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-3 * largest }, "\(name): \(record.name)")
        }
    }

    /// The head beside a reward model; its bias has no gradient but rounding.
    @Test func aRewardModelsHeadAgreesWithReference() throws {
        let fixture = RunFixture()
        try fixture.run("rm-lora")
        let expected = try SafetensorsFile(path: "\(RunFixture.folder)/runs/rm-lora/final_value_head.safetensors")
        let found = try SafetensorsFile(path: "\(fixture.output)/value_head.safetensors")
        #expect(Set(found.records.map(\.name)) == Set(expected.records.map(\.name)))
        let name = "v_head.summary.weight"
        let (a, b) = (try found.tensor(named: name).array, try expected.tensor(named: name).array)
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-3 * (b.map(abs).max() ?? 0) })
    }

    /// The same keys, and the same values within the tolerance where they do not measure time.
    private func expectSame(_ our: JSONValue, _ their: JSONValue, in name: String) throws {
        let (our, their) = (try #require(our.object), try #require(their.object))
        #expect(Set(our.keys) == Set(their.keys), "\(name): \(their)")
        // The reference's logits are those of padding, too.
        for (key, value) in RunFixture.timeless(their) where !key.contains("logits/") {
            let (found, expected) = (try #require(our[key]?.double), try #require(value.double))
            // Rewards are small differences of large sums.
            let least = key.contains("rewards/") || key == "kl" ? 0.1 : 0
            #expect(abs(found - expected) <= 1e-4 * max(abs(expected), least), "\(name): \(key) of \(their)")
        }
    }

    /// The run with learned padding has some.
    @Test func paddingIsLearnedWhereItIsAskedFor() throws {
        let losses = try ["true", "false"].map { ignored in
            let fixture = RunFixture()
            try fixture.run("sft-padding", ["ignore_pad_token_for_loss=\(ignored)"])
            return try fixture.history().first?["loss"]?.double
        }
        #expect(losses[0] != nil && losses[0] != losses[1])
    }

    /// A stream's last short batch is left out when asked; the reference's loader forgets that for streams.
    @Test func aStreamsShortBatchMayBeDropped() throws {
        let epochs = try ["false", "true"].map { drops in
            let fixture = RunFixture()
            try fixture.run("pt-stream", ["dataloader_drop_last=\(drops)"])
            return try fixture.history().dropLast().compactMap { $0["epoch"]?.double }
        }
        // 21 items in batches of 2, in 12 steps that count as an epoch.
        #expect(epochs.map { $0.count { $0 <= 1 } } == [11, 10])
    }

    /// Data that was kept is streamed in its own order; the epochs are counted as streams'.
    @Test func keptDataIsStreamed() throws {
        let (kept, listed) = (RunFixture(), RunFixture())
        let place = kept.output + "-kept"
        defer { try? FileManager.default.removeItem(atPath: place) }
        let settings = [
            "streaming=false", "max_steps=8", "val_size=0", "do_eval=false", "eval_strategy=no",
            "tokenized_path=\(place)",
        ]
        #expect(throws: (any Error).self) { try kept.run("sft-stream", settings + ["streaming=true"]) }
        try listed.run("sft-stream", settings + ["disable_shuffling=true"])
        try kept.run("sft-stream", settings + ["streaming=true"])
        let (streamed, whole) = (try kept.history().dropLast(), try listed.history().dropLast())
        #expect(streamed.map { $0["loss"] } == whole.map { $0["loss"] })
        #expect(try kept.json("trainer_state.json")["num_train_epochs"]?.integer == .max)
        #expect(try listed.json("trainer_state.json")["num_train_epochs"]?.integer ?? .max < 100)
        #expect(throws: (any Error).self) {
            try kept.run("sft-stream", settings + ["streaming=true", "cutoff_len=9", "overwrite_output_dir=true"])
        }
    }

    @Test func stateHasTheReferencesKeysAndSettings() throws {
        let fixture = RunFixture()
        try fixture.run("sft-full")
        let ours = try #require(fixture.json("trainer_state.json").object)
        let theirs = try #require(RunFixture.json("\(RunFixture.folder)/runs/sft-full/trainer_state.json").object)
        #expect(ours.keys == theirs.keys)
        for key in [
            "best_global_step", "epoch", "eval_steps", "global_step", "logging_steps", "max_steps",
            "num_input_tokens_seen", "num_train_epochs", "save_steps", "total_flos", "train_batch_size",
        ] {
            #expect(ours[key]?.double == theirs[key]?.double, "\(key)")
        }
        #expect(ours["best_model_checkpoint"]?.string == "\(fixture.output)/checkpoint-6")
    }
}
