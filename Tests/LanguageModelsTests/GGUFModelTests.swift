import Foundation
import JSONDocuments
import LanguageModels
import Tensors
import Testing
import WeightFiles

/// Models written for llama.cpp and read again.
@Suite struct GGUFModelTests {
    static let families = [
        "llama-transformers4", "llama3-bfloat16", "mistral", "mixtral", "qwen2-sharded", "qwen2-moe", "qwen3",
        "qwen3-moe",
        "gemma", "gemma2", "phi3", "glm", "glm4",
    ]

    /// A random model of a fixture's family, of sizes that blocks of 32 fit, with nothing that is zero or one.
    static func model(_ name: String, _ changes: JSONObject = [:]) throws -> DecoderModel {
        let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)/config.json")
        var object = try #require(try JSONValue(parsing: Array(Data(contentsOf: url))).object)
        let sizes: JSONObject = [
            "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
            "head_dim": 16,
            "query_pre_attn_scalar": 16, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 64,
            "mlp_only_layers": [], "sliding_window": .null, "layer_types": .null,
        ]
        for (key, value) in sizes where object.contains(key) || key == "head_dim" { object[key] = value }
        object["use_sliding_window"] = false
        if name == "gemma2" { object["sliding_window"] = 5 }
        for (key, value) in changes { object[key] = value }
        let configuration = try ModelConfiguration(.object(object))
        return try DecoderModel.initialized(configuration, seed: 3).replacingTensors { name, value in
            let noise = Tensor.normal(value.shape, standardDeviation: 0.2, seed: 5, name: name)
            return .frozen(Weight(name: name, tensor: noise))
        }
    }

    static func written(_ model: DecoderModel, _ type: GGUFTensorType) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try GGUFModelWriting(model.configuration, type: type).write(
            name: "test", tensors: model.tensorsToWrite(),
            vocabulary: [("tokenizer.ggml.eos_token_id", .unsigned(2))]
        ) { bytes.append(contentsOf: $0) }
        return bytes
    }

    static func reading<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).gguf").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    @Test(arguments: families) func everyTensorComesBack(name: String) throws {
        let model = try Self.model(name)
        try Self.reading(Self.written(model, .float32)) { path in
            let again = try DecoderModel.load(directory: path)
            #expect(again.configuration.rotary.inverse(length: 9) == model.configuration.rotary.inverse(length: 9))
            #expect(again.configuration.normEpsilon == model.configuration.normEpsilon)
            #expect(again.configuration.maximumPositions == model.configuration.maximumPositions)
            #expect(again.configuration.slidingWindows == model.configuration.slidingWindows)
            #expect(again.configuration.endTokens == [2])
            let values = Dictionary(uniqueKeysWithValues: again.tensors.map { ($0.name, $0.value.widened()) })
            for (tensor, value) in model.tensors {
                let found = try #require(values[tensor], "\(tensor)")
                #expect(difference(found.array, value.widened().array) < 1e-6, "\(tensor)")
            }
            let tokens: [[Int32]] = [[1, 5, 9, 13, 17, 21, 25, 29, 3, 7, 11, 6]]
            let (found, expected) = (
                try again.tokenLogProbabilities(tokens)[0], try model.tokenLogProbabilities(tokens)[0]
            )
            #expect(difference(found, expected) < 1e-4)
        }
    }

    @Test(arguments: [GGUFTensorType.float16, .bfloat16, .q8_0, .q4_0], ["llama3-bfloat16", "qwen2-moe", "glm4"])
    func otherTypesAreRead(type: GGUFTensorType, name: String) throws {
        let model = try Self.model(name)
        let bytes = try Self.written(model, type)
        try Self.reading(bytes) { path in
            let again = try DecoderModel.load(directory: path)
            let values = Dictionary(uniqueKeysWithValues: again.tensors.map { ($0.name, $0.value.widened()) })
            for (tensor, value) in model.tensors {
                let found = try #require(values[tensor])
                let expected = value.widened().array
                let largest = expected.map(abs).max() ?? 0
                let step: Float = value.shape.count == 1 ? 1e-6 : type == .q4_0 ? 0.126 : 0.005
                #expect(difference(found.array, expected) <= step * largest, "\(tensor)")
            }
        }
        let bits: Double = type == .q4_0 ? 4.5 : type == .q8_0 ? 8.5 : 16
        #expect(Double(bytes.count) < Double(model.parameterCount) * bits / 8 + 60_000)
    }

    /// Numbers that an own reader would not notice to be in another order: where llama.cpp expects them.
    @Test func llamasHeadsAreInterleavedAndGemmasNormsAreWhole() throws {
        let llama = try Self.model("llama-transformers4")
        try Self.reading(Self.written(llama, .float32)) { path in
            let file = try GGUFFile(path: path)
            let given = Dictionary(uniqueKeysWithValues: llama.tensors.map { ($0.name, $0.value.widened()) })
            let (query, stored) = (
                try #require(given["model.layers.0.self_attn.q_proj.weight"]),
                try file.weight("blk.0.attn_q.weight", as: "q", shape: [64, 64]).widened()
            )
            // Heads of 16: rows 0, 8, 1, 9, ... of each.
            #expect(stored.row(0) == query.row(0) && stored.row(1) == query.row(8) && stored.row(2) == query.row(1))
            #expect(stored.row(31) == query.row(31) && stored.row(17) == query.row(24))
            let bias = try file.weight("blk.0.attn_k.bias", as: "b", shape: [32]).widened()
            #expect(bias[1] == given["model.layers.0.self_attn.k_proj.bias"]?[8])
            let value = try file.weight("blk.0.attn_v.weight", as: "v", shape: [32, 64]).widened()
            #expect(value.array == given["model.layers.0.self_attn.v_proj.weight"]?.array)
            #expect(file.metadata["llama.rope.scaling.type"] == .text("linear"))
            #expect(file.metadata["llama.rope.freq_base"] == .float(10000))
        }
        let gemma = try Self.model("gemma2")
        try Self.reading(Self.written(gemma, .q8_0)) { path in
            let file = try GGUFFile(path: path)
            let norm = try #require(gemma.tensors.first { $0.name == "model.norm.weight" }).value.widened()
            let stored = try file.weight("output_norm.weight", as: "n", shape: [64]).widened()
            #expect(stored[3] == norm[3] + 1 && file["output.weight"] == nil)
            #expect(file["blk.0.post_ffw_norm.weight"] != nil && file["blk.0.post_attention_norm.weight"] != nil)
        }
        let mixture = try Self.model("mixtral")
        try Self.reading(Self.written(mixture, .q8_0)) { path in
            let file = try GGUFFile(path: path)
            #expect(file["blk.1.ffn_down_exps.weight"]?.shape == [3, 64, 96])
            #expect(file["blk.1.ffn_gate_inp.weight"]?.type == .float32)
        }
        let llama3 = try Self.model("llama3-bfloat16")
        try Self.reading(Self.written(llama3, .float32)) { path in
            let factors = try GGUFFile(path: path).weight("rope_freqs.weight", as: "f", shape: [8]).widened()
            #expect(factors[0] == 1 && abs(factors[7] - 8) < 1e-4)
        }
    }

    private static let unfit: [(String, JSONObject, String)] = [
        ("qwen3-moe", ["norm_topk_prob": false], "norm_topk_prob"),
        ("qwen2-moe", ["mlp_only_layers": [0]], "mlp_only_layers"),
        ("gemma2", ["query_pre_attn_scalar": 24], "query_pre_attn_scalar"),
        ("qwen3", ["attention_bias": true], "self_attn.q_proj.bias"),
    ]

    @Test(arguments: unfit)
    func whatLlamaCppCannotDoIsRefused(name: String, changes: JSONObject, key: String) throws {
        let model = try Self.model(name, changes)
        let error = #expect(throws: ModelConfigurationError.self) { try Self.written(model, .float32) }
        #expect(error?.description.contains(key) == true)
    }

    @Test func slidingWindowsAreSpokenOf() throws {
        let model = try Self.model("mistral", ["sliding_window": 5])
        let writing = try GGUFModelWriting(model.configuration, type: .float32)
        #expect(writing.notes.count == 1 && writing.notes[0].contains("5 tokens"))
    }

    @Test func misfitsAreNamed() throws {
        let model = try Self.model("qwen3")
        func error(_ change: (inout [UInt8]) throws -> Void) throws -> String {
            var bytes = try Self.written(model, .q8_0)
            try change(&bytes)
            let error = try Self.reading(bytes) { path in
                #expect(throws: (any Error).self) { try DecoderModel.load(directory: path) }
            }
            return error.map { "\($0)" } ?? ""
        }
        func renaming(_ old: String, _ new: String) throws -> String {
            try error { bytes in
                let place = try #require(bytes.firstRange(of: Array(old.utf8)))
                bytes.replaceSubrange(place, with: Array(new.utf8))
            }
        }
        #expect(try renaming("blk.1.attn_q.weight", "blk.1.attn_x.weight").contains("'blk.1.attn_q.weight'"))
        #expect(try renaming("qwen3.block_count", "qwen3.block_coums").contains("'qwen3.block_count'"))
        #expect(try renaming("qwen3", "mamba").contains("'general.architecture' is 'mamba'"))
        let unused = try error { bytes in
            // One layer less than the file holds.
            let place = try #require(bytes.firstRange(of: Array("qwen3.block_count".utf8))).upperBound
            bytes[place + 4] = 1
        }
        #expect(unused.contains("no place for 'blk.1."))
    }
}
