import Adapters
import Foundation
import JSONDocuments
import LanguageModels
import RunConfiguration
import Testing
import TrainingLoop
import WeightFiles

/// What a run makes of the model before it trains: stretched positions, shifted groups, depth.
@Suite(.serialized) struct ModelSettingsTests {
    /// The fixtures' model takes 128 tokens.
    private func notes(_ run: RunFixture, _ name: String, _ overrides: [String]) throws -> [String] {
        var notes: [String] = []
        try run.run(name, overrides + ["max_steps=1"]) { if case .note(let text) = $0 { notes.append(text) } }
        return notes
    }

    private func trained(_ overrides: [String]) throws -> (saved: JSONValue, loss: Double) {
        let run = RunFixture()
        try run.run("sft-full", overrides + ["max_steps=1"])
        return (try run.json("config.json"), try #require(run.history()[0]["loss"]?.double))
    }

    @Test func stretchedModelsAreSavedSo() throws {
        let plain = try trained([])
        let positions = try #require(plain.saved["max_position_embeddings"]?.integer)
        let length = Int(positions)
        let stretched = try trained(["rope_scaling=yarn", "cutoff_len=\(2 * length + 1)"])
        #expect(stretched.saved["max_position_embeddings"] == .integer(3 * positions))
        #expect(stretched.saved["rope_scaling"]?["rope_type"] == "yarn")
        #expect(stretched.saved["rope_scaling"]?["factor"]?.double == 3)
        #expect(stretched.loss != plain.loss)

        let given = try trained(["rope_scaling=linear", "rope_scaling_factor=1.5", "rope_theta=777"])
        #expect(given.saved["rope_scaling"]?["factor"]?.double == 1.5 && given.saved["rope_theta"]?.double == 777)
        #expect(given.saved["max_position_embeddings"] == .integer(positions * 3 / 2))
        let base = try trained(["rope_theta=777"])
        #expect(base.saved["rope_theta"]?.double == 777 && base.saved["rope_scaling"]?.isNull == true)
        #expect(base.loss != plain.loss && base.loss != given.loss)
    }

    @Test func stretchingThatIsNotNeededIsLeftOut() throws {
        let run = RunFixture()
        let notes = try notes(run, "sft-full", ["rope_scaling=linear"])
        #expect(notes.contains { $0.contains("`rope_scaling` does not act") })
        #expect(try run.json("config.json")["rope_scaling"]?.isNull == true)
        #expect(throws: ConfigurationError.self) { try RunFixture().run("sft-full", ["rope_scaling_factor=2"]) }
    }

    /// An adapter keeps what it was trained with, whoever loads it next; an adapter without it forgets an earlier one's.
    @Test func adaptersRememberTheirPositions() throws {
        let run = RunFixture()
        let settings = ["adapter_name_or_path=null", "lora_rank=2"]
        let first = try notes(run, "sft-lora", settings + ["rope_scaling=llama3", "rope_scaling_factor=4"])
        #expect(first.contains { $0.contains("stretched by 4.0 (llama3)") }, "\(first)")
        let stretch = try #require(try PositionStretch(adapterFolder: run.output))
        #expect(stretch == PositionStretch(kind: .llama3, factor: 4))
        let plain = try DecoderModel.load(directory: "\(RunFixture.folder)/model")
        let other = try plain.stretched(asBeside: run.output)
        let tokens = [[Int32](3...40)]
        #expect(try other.tokenLogProbabilities(tokens) != plain.tokenLogProbabilities(tokens))
        #expect(other.configuration.maximumPositions == 4 * plain.configuration.maximumPositions)

        let next = RunFixture()
        let again = try notes(next, "sft-lora", ["adapter_name_or_path=\(run.output)"])
        #expect(again.contains { $0.contains("as the adapter") })
        #expect(try PositionStretch(adapterFolder: next.output) == stretch)

        _ = try notes(run, "sft-lora", settings + ["overwrite_output_dir=true"])
        #expect(try PositionStretch(adapterFolder: run.output) == nil)
    }

    /// A reference model of its own has the positions of the model that is held to it: at first both say the same.
    @Test func referencesAreStretchedToo() throws {
        let run = RunFixture()
        try run.run(
            "dpo-lora",
            [
                "adapter_name_or_path=null", "ref_model=model", "rope_scaling=linear", "rope_scaling_factor=3",
                "pref_ftx=0", "dpo_label_smoothing=0", "max_steps=1", "eval_strategy=no",
            ])
        let loss = try #require(run.history()[0]["loss"]?.double)
        #expect(abs(loss - 0.693147) < 1e-5, "\(loss)")
    }

    @Test func shiftedGroupsActInTraining() throws {
        #expect(try trained(["shift_attn=true"]).loss != trained([]).loss)
    }

    /// The fixtures' tokenizer beside the configuration of another family, and no weights.
    func folder(of family: String, _ keys: JSONObject = [:]) throws -> RunFixture {
        let folder = RunFixture()
        try FileManager.default.copyItem(atPath: "\(RunFixture.folder)/model", toPath: folder.output)
        var configuration = try folder.json("config.json")
        configuration["model_type"] = .string(family)
        for key in ["architectures", "layer_types", "sliding_window", "use_sliding_window"] { configuration[key] = nil }
        for (key, value) in keys { configuration[key] = value }
        try FileManager.default.removeItem(atPath: "\(folder.output)/model.safetensors")
        try Data(configuration.serializedBytes(.compact)).write(
            to: URL(fileURLWithPath: "\(folder.output)/config.json"))
        return folder
    }

    @Test func convertedModelsAreSavedSo() throws {
        let (run, base) = (RunFixture(), try folder(of: "llama"))
        let scratch = ["model_name_or_path=\(base.output)", "train_from_scratch=true", "max_steps=1"]
        try run.run("sft-full", scratch + ["mixture_of_depths=convert"])
        let weights = try CheckpointWeights(directory: run.output)
        #expect(weights.contains("model.layers.1.router.weight_predictor.bias"))
        #expect(weights.contains("model.layers.1.block.input_layernorm.weight"))
        #expect(throws: ConfigurationError.self) {
            try RunFixture().run("sft-full", scratch + ["mixture_of_depths=load"])
        }
        let refused = try #require(throws: ConfigurationError.self) {
            try RunFixture().run("sft-full", ["mixture_of_depths=convert", "max_steps=1"])
        }
        #expect(refused.description.contains("qwen2 models cannot be converted"))
        let next = RunFixture()
        try next.run("sft-full", ["model_name_or_path=\(run.output)", "mixture_of_depths=load", "max_steps=1"])
        #expect(try CheckpointWeights(directory: next.output).names == weights.names)
        for setting in ["mixture_of_depths=convert", "shift_attn=true"] {
            #expect(throws: ConfigurationError.self) {
                try RunFixture().run("sft-full", ["model_name_or_path=\(run.output)", setting, "max_steps=1"])
            }
        }
    }

    static let families: [(String, JSONObject)] = [
        ("llama", [:]), ("mistral", [:]), ("mixtral", ["num_local_experts": 3]), ("qwen2", [:]),
        (
            "qwen2_moe",
            [
                "num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
                "shared_expert_intermediate_size": 8,
            ]
        ), ("qwen3", ["head_dim": 8]),
        ("qwen3_moe", ["head_dim": 8, "num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 8]),
        ("gemma", ["head_dim": 8, "hidden_act": "gelu_pytorch_tanh"]),
        ("gemma2", ["head_dim": 8, "hidden_act": "gelu_pytorch_tanh"]),
        ("gemma3_text", ["head_dim": 8, "hidden_act": "gelu_pytorch_tanh", "rope_parameters": .null]),
        ("phi3", ["head_dim": 8]), ("glm", ["head_dim": 8]), ("glm4", ["head_dim": 8]),
    ]

    /// Random weights of each family learn, alone and through an adapter, which has a part of every linear layer but
    /// routers and the head.
    @Test(arguments: families)
    func everyFamilyLearnsFromScratch(family: String, keys: JSONObject) throws {
        let base = try folder(of: family, keys)
        let scratch = ["model_name_or_path=\(base.output)", "train_from_scratch=true", "max_steps=4", "do_eval=false"]
        let whole = RunFixture()
        try whole.run("sft-full", scratch + ["eval_strategy=no", "load_best_model_at_end=false", "save_strategy=no"])
        let losses = try whole.history().compactMap { $0["loss"]?.double }
        #expect(try #require(losses.last) < losses[0], "\(losses)")
        let model = try DecoderModel.load(directory: whole.output)
        #expect(model.configuration.family.modelType == family)

        let adapter = RunFixture()
        try adapter.run(
            "sft-lora", scratch + ["adapter_name_or_path=null", "lora_target=all", "lora_rank=2", "save_strategy=no"])
        let file = try SafetensorsFile(path: "\(adapter.output)/adapter_model.safetensors")
        let expected = model.linearModules.filter { !$0.isRouter && $0.path != "lm_head" }.map(\.path)
        let found = Set(
            file.records.map(\.name).map { name in
                name.replacing("base_model.model.", with: "").split(separator: ".lora_").first.map(String.init) ?? ""
            })
        #expect(found == Set(expected))
        #expect(found.contains { $0.contains(".experts.2.") } == model.configuration.family.hasExperts)
    }

    @Test func balancingWithoutExpertsIsSaid() throws {
        let notes = try notes(RunFixture(), "sft-full", ["moe_aux_loss_coef=0.1"])
        #expect(notes.contains { $0.contains("`moe_aux_loss_coef` does not act") })
    }
}
