import Glibc
import JSONDocuments
import Tensors
import WeightFiles

func logarithm(_ value: Double) -> Double { log(value) }

/// The `config.json` that a GGUF file's metadata amount to.
struct GGUFConfiguration {
    private let file: GGUFFile
    private let architecture: GGUFArchitecture

    init(_ file: GGUFFile) throws {
        self.file = file
        architecture = try Self.architecture(of: file)
    }

    /// - Throws: `GGUFError` for a family that is not known
    static func architecture(of file: GGUFFile) throws -> GGUFArchitecture {
        let key = "general.architecture"
        guard let name = file.metadata[key]?.string else { throw GGUFError(file.path, .missingKey(key)) }
        let isMixture = (file.metadata["\(name).expert_count"]?.integer ?? 0) > 0
        let found = GGUFArchitecture.all.first {
            $0.name == name && (name != "llama" || ($0.modelType == "mixtral") == isMixture)
        }
        guard let found else {
            let names = Set(GGUFArchitecture.all.map(\.name)).sorted()
            throw GGUFError(file.path, .unsupportedValue(key: key, value: name, supported: names))
        }
        return found
    }

    func json() throws -> JSONValue {
        var object: JSONObject = ["model_type": .string(architecture.modelType)]
        func set(_ key: String, _ value: Int) { object[key] = .integer(Int64(value)) }
        let (hidden, heads) = (try size("embedding_length"), try size("attention.head_count"))
        let headSize = try optionalSize("attention.key_length") ?? hidden / max(1, heads)
        set("vocab_size", try vocabularySize())
        set("hidden_size", hidden)
        set("intermediate_size", try size("feed_forward_length"))
        set("num_hidden_layers", try size("block_count"))
        set("num_attention_heads", heads)
        set("num_key_value_heads", try optionalSize("attention.head_count_kv") ?? heads)
        set("head_dim", headSize)
        let positions = try size("context_length")
        set("max_position_embeddings", positions)
        object["rms_norm_eps"] = .number(try number("attention.layer_norm_rms_epsilon"))
        object["tie_word_embeddings"] = .bool(file["output.weight"] == nil)
        object["attention_bias"] = .bool(file["blk.0.attn_q.bias"] != nil)
        object["mlp_bias"] = .bool(file["blk.0.ffn_down.bias"] != nil)
        for (key, name) in [("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding")] {
            object[key] = file.metadata["tokenizer.ggml.\(name)_token_id"]?.integer.map { .integer(Int64($0)) } ?? .null
        }
        let rotated = try optionalSize("rope.dimension_count") ?? headSize
        if rotated != headSize { object["partial_rotary_factor"] = .number(Double(rotated) / Double(headSize)) }
        let theta = try optionalNumber("rope.freq_base") ?? 10000
        object["rope_theta"] = .number(theta)
        object["rope_scaling"] = try scaling(rotated: rotated, theta: theta, positions: positions)
        try addFamily(&object, headSize: headSize, hidden: hidden, heads: heads)
        return .object(object)
    }

    private func addFamily(_ object: inout JSONObject, headSize: Int, hidden: Int, heads: Int) throws {
        func set(_ key: String, _ value: Int) { object[key] = .integer(Int64(value)) }
        switch architecture.modelType {
        case "mixtral":
            set("num_local_experts", try size("expert_count"))
            set("num_experts_per_tok", try size("expert_used_count"))
        case "qwen2_moe", "qwen3_moe":
            set("num_experts", try size("expert_count"))
            set("num_experts_per_tok", try size("expert_used_count"))
            set("moe_intermediate_size", try size("expert_feed_forward_length"))
            object["norm_topk_prob"] = .bool(architecture.modelType == "qwen3_moe")
            if architecture.modelType == "qwen2_moe" {
                set("shared_expert_intermediate_size", try size("expert_shared_feed_forward_length"))
            }
        case "gemma2":
            object["attn_logit_softcapping"] = .number(try optionalNumber("attn_logit_softcapping") ?? 50)
            object["final_logit_softcapping"] = .number(try optionalNumber("final_logit_softcapping") ?? 30)
            let isLargest = try size("block_count") == 46
            object["query_pre_attn_scalar"] = .number(
                isLargest ? Double(hidden) / Double(heads) : Double(headSize))
            set("sliding_window", try optionalSize("attention.sliding_window") ?? 4096)
        case "phi3": object["sliding_window"] = .null
        default: break
        }
    }

    private func vocabularySize() throws -> Int {
        guard let rows = file["token_embd.weight"]?.shape.first else {
            throw GGUFError(file.path, .missingTensor(name: "token_embd.weight", shape: []))
        }
        return rows
    }

    private func scaling(rotated: Int, theta: Double, positions: Int) throws -> JSONValue {
        if file["rope_freqs.weight"] != nil { return try llama3Scaling(rotated: rotated, theta: theta) }
        if let name = ["rope_factors_long.weight", "rope_factors_short.weight"].first(where: { file[$0] != nil }) {
            throw GGUFError(file.path, .unexpectedTensors([name]))
        }
        let key = "\(architecture.name).rope.scaling.type"
        let kind = file.metadata[key]?.string ?? "none"
        switch kind {
        case "none": return .null
        case "linear": return ["rope_type": "linear", "factor": .number(try number("rope.scaling.factor"))]
        case "yarn":
            var object: JSONObject = ["rope_type": "yarn", "factor": .number(try number("rope.scaling.factor"))]
            let original = try optionalSize("rope.scaling.original_context_length") ?? positions
            object["original_max_position_embeddings"] = .integer(Int64(original))
            for name in ["beta_fast", "beta_slow"] {
                object[name] = try optionalNumber("rope.scaling.yarn_\(name)").map { .number($0) }
            }
            return .object(object)
        default:
            throw GGUFError(
                file.path, .unsupportedValue(key: key, value: kind, supported: ["none", "linear", "yarn"]))
        }
    }

    /// The numbers of llama3's scaling behind the factors that the file holds: all such models have 1 and 4 as the
    /// factors of low and high frequencies, and were made for a power of two of positions.
    private func llama3Scaling(rotated: Int, theta: Double) throws -> JSONValue {
        let name = "rope_freqs.weight"
        let factors = try file.weight(name, as: name, shape: [rotated / 2]).widened().array
        let factor = Double(factors.max() ?? 1)
        for exponent in 4...20 {
            let scaling = RotaryScaling.llama3(
                factor: factor, lowFrequency: 1, highFrequency: 4, originalPositions: 1 << exponent)
            let frequencies = RotaryFrequencies(
                dimensions: rotated, theta: theta, scaling: scaling, maximumPositions: 1)
            let found = frequencies.stretching
            if zip(found, factors).allSatisfy({ abs($0 - $1) < 1e-4 * abs($1) }) {
                return [
                    "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": 1, "high_freq_factor": 4,
                    "original_max_position_embeddings": .integer(1 << Int64(exponent)),
                ]
            }
        }
        throw GGUFError(
            file.path,
            .unsupportedValue(
                key: name, value: "factors up to \(factor)",
                supported: ["those of llama3's scaling with frequency factors 1 and 4"]))
    }

    private func size(_ key: String) throws -> Int {
        guard let value = try optionalSize(key) else { throw missing(key) }
        return value
    }

    /// A number that may be given for each layer, and then must be the same for all.
    private func optionalSize(_ key: String) throws -> Int? {
        guard let value = file.metadata["\(architecture.name).\(key)"] else { return nil }
        guard let list = value.integerList, let first = list.first, list.allSatisfy({ $0 == first }),
            (1...(1 << 30)).contains(first)
        else {
            throw GGUFError(
                file.path,
                .wrongValue(
                    key: "\(architecture.name).\(key)",
                    expected: "a whole number from 1 to \(1 << 30), the same for all layers"))
        }
        return first
    }

    private func number(_ key: String) throws -> Double {
        guard let value = try optionalNumber(key) else { throw missing(key) }
        return value
    }

    private func optionalNumber(_ key: String) throws -> Double? {
        guard let value = file.metadata["\(architecture.name).\(key)"] else { return nil }
        guard let number = value.number, number.isFinite, number > 0 else {
            throw GGUFError(
                file.path, .wrongValue(key: "\(architecture.name).\(key)", expected: "a number above 0"))
        }
        return number
    }

    private func missing(_ key: String) -> GGUFError {
        GGUFError(file.path, .missingKey("\(architecture.name).\(key)"))
    }
}

extension RotaryFrequencies {
    /// By what the scaling divides the frequency of each pair.
    var stretching: [Float] {
        var plain = self
        plain.scaling = .none
        return zip(plain.inverse(length: 0), inverse(length: 0)).map { $0 / $1 }
    }
}
