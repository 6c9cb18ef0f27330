import Foundation
import JSONDocuments
import Tensors
import Testing
import Tokenization
import TrainingLoop
import WeightFiles

/// Tokens that a run adds: in its texts, in the model, and in the files that it leaves.
@Suite(.serialized) struct NewTokenTests {
    private static let short = OptimizerRunTests.short + ["save_strategy=no", "max_steps=2"]
    private static let lora = [
        "finetuning_type=lora", "lora_rank=2", "lora_target=q_proj", "lora_dropout=0", "learning_rate=0.01",
    ]
    private static let adapterName = "base_model.model.model.embed_tokens.weight"

    private func weights(_ run: RunFixture, _ name: String, in file: String = "model.safetensors") throws -> [[Float]] {
        let tensor = try SafetensorsFile(path: "\(run.output)/\(file)").tensor(named: name)
        return (0..<tensor.rows).map { tensor.row($0) }
    }

    private func embedding(_ overrides: [String]) throws -> [[Float]] {
        let run = RunFixture()
        try run.run("sft-full", Self.short + overrides)
        return try weights(run, "model.embed_tokens.weight")
    }

    /// 259 tokens and two new ones need 261 rows, of which a multiple of 64 is made.
    @Test func aModelGrowsWithItsTokenizer() throws {
        let run = RunFixture()
        var notes: [String] = []
        try run.run(
            "sft-full",
            Self.short + ["learning_rate=0", "new_special_tokens=<|alpha|>,<|beta|>", "add_tokens=river"]
        ) { if case .note(let text) = $0 { notes.append(text) } }
        let (grown, before) = (
            try weights(run, "model.embed_tokens.weight"),
            try SafetensorsFile(path: "\(RunFixture.folder)/model/model.safetensors").tensor(
                named: "model.embed_tokens.weight")
        )
        #expect(grown.count == 320)
        #expect(try run.json("config.json")["vocab_size"] == 320)
        #expect((0..<259).allSatisfy { grown[$0] == before.row($0) } && Set(grown[259...]).count == 61)
        let tokenizer = try Tokenizer(directory: run.output)
        // Ordinary tokens come first, and are no special ones.
        #expect(["river", "<|alpha|>", "<|beta|>"].map(tokenizer.tokenID) == [259, 260, 261])
        #expect(!tokenizer.isSpecial(259) && tokenizer.isSpecial(260))
        #expect(try tokenizer.encode("a river<|beta|>") == tokenizer.encode("a ") + [259, 261])
        #expect(notes.contains("3 new tokens were added, so `resize_vocab` is on"))
        #expect(notes.contains("the vocabulary grows from 259 to 320 rows, 3 of them for new tokens"))
        // The files are a model of their own.
        let again = RunFixture()
        try again.run("sft-full", Self.short + ["model_name_or_path=\(run.output)"])
        #expect(try weights(again, "model.embed_tokens.weight").count == 320)
    }

    @Test func tokensThatAreThereChangeNothing() throws {
        #expect(try embedding(["new_special_tokens=<|im_end|>"]) == embedding([]))
        #expect(try embedding(["resize_vocab=true"]) == embedding([]))
    }

    @Test func descriptionsSayHowTokensBegin() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tokens-\(UUID().uuidString).yaml")
            .path
        try Data("<|svg|>: ab\n<|end|>: cc\n".utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let settings = ["learning_rate=0", "new_special_tokens_config=\(file)"]
        let tokenizer = try Tokenizer(directory: "\(RunFixture.folder)/model")
        let ids = try tokenizer.encode("abc").map(Int.init)
        let described = try embedding(settings + ["init_special_tokens=desc_init"])
        #expect(described[259] == zip(described[ids[0]], described[ids[1]]).map { ($0 + $1) / 2 })
        #expect(described[260] == described[ids[2]])
        let noisy = try embedding(settings + ["init_special_tokens=desc_init_w_noise"])
        let plain = try embedding(settings)
        #expect(Set([described[259], noisy[259], plain[259]]).count == 3)
        let withoutFile = try embedding([
            "learning_rate=0", "new_special_tokens=<|svg|>,<|end|>", "init_special_tokens=desc_init",
        ])
        #expect(withoutFile == plain)
    }

    /// An adapter trains embedding and head, and its folder is all that goes on from the untouched base needs.
    @Test func anAdapterBringsItsVocabulary() throws {
        let run = RunFixture()
        let evaluating = ["eval_strategy=steps", "eval_steps=2", "do_eval=true"]
        let adapter = Self.short + Self.lora + evaluating
        try run.run("sft-full", adapter + ["new_special_tokens=river,stone"])
        let names = try SafetensorsFile(path: "\(run.output)/adapter_model.safetensors").records.map(\.name)
        #expect(names.contains(Self.adapterName) && names.contains("base_model.model.lm_head.weight"))
        #expect(try weights(run, Self.adapterName, in: "adapter_model.safetensors").count == 320)
        let next = RunFixture()
        try next.run(
            "sft-full", adapter + ["adapter_name_or_path=\(run.output)", "eval_on_start=true", "learning_rate=0"])
        func losses(_ run: RunFixture) throws -> [Double] { try run.history().compactMap { $0["eval_loss"]?.double } }
        #expect(try losses(next).first == losses(run).last)
        #expect(try Tokenizer(directory: next.output).tokenID(of: "stone") == 260)
    }

    @Test func namedTargetsAreAllThatIsTrained() throws {
        let run = RunFixture()
        try run.run(
            "sft-full", Self.short + Self.lora + ["new_special_tokens=river", "additional_target=embed_tokens"])
        let names = try SafetensorsFile(path: "\(run.output)/adapter_model.safetensors").records.map(\.name)
        #expect(names.contains(Self.adapterName) && !names.contains("base_model.model.lm_head.weight"))
    }

    /// With momentum and clipping, only the rows of new tokens move.
    @Test(arguments: ["adamw_torch", "lion_32bit"]) func onlyNewRowsMayBeTrained(optimizer: String) throws {
        let settings = ["new_special_tokens=river", "optim=\(optimizer)", "max_grad_norm=0.1", "weight_decay=0"]
        let still = try embedding(settings + ["learning_rate=0"])
        let all = try embedding(settings + ["learning_rate=0.01"])
        let only = try embedding(settings + ["learning_rate=0.01", "train_new_tokens_only=true"])
        #expect((0..<320).filter { only[$0] != still[$0] } == [259])
        #expect((0..<320).filter { all[$0] != still[$0] }.count > 10)
    }

    /// `split_special_tokens`: what is spelled in a text is text.
    @Test func specialTokensInTextsMayBeSplit() throws {
        func tokens(_ overrides: [String]) throws -> Double {
            let run = RunFixture()
            try run.run(
                "sft-full",
                Self.short + ["new_special_tokens=river,stone", "include_num_input_tokens_seen=non_padding"] + overrides
            )
            return try #require(run.json("train_results.json")["num_input_tokens_seen"]?.double)
        }
        let whole = ["disable_shuffling=true", "cutoff_len=250"]
        let split = whole + ["split_special_tokens=true", "use_fast_tokenizer=false"]
        #expect(try tokens(split) > tokens(whole))
    }

    /// Data that was kept knows the tokens that it was made with.
    @Test func keptDataIsOfItsTokens() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("kept-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let settings =
            Self.short + ["tokenized_path=\(place)", "new_special_tokens=river", "overwrite_cache=false"]
        try RunFixture().run("sft-full", settings)
        try RunFixture().run("sft-full", settings)
        for other in [
            ["new_special_tokens=stone"], ["new_special_tokens=null"],
            ["split_special_tokens=true", "use_fast_tokenizer=false"],
        ] {
            #expect(throws: (any Error).self) { try RunFixture().run("sft-full", settings + other) }
        }
    }

    @Test func everyCheckpointLeadsToTheSameEnd() throws {
        let settings = OptimizerRunTests.short + Self.lora + ["new_special_tokens=river,stone"]
        try RunFixture.expectEveryCheckpointLeadsToTheSameEnd(
            "sft-full", settings, weights: "adapter_model.safetensors")
    }
}
