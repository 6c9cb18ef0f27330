import JSONDocuments
import WeightFiles

extension ModelConfiguration {
    /// What a GGUF file says of the model, in the order in which llama.cpp's own converter writes it.
    ///
    /// - Parameter note: told of what llama.cpp does otherwise
    /// - Throws: `ModelConfigurationError` for what it cannot do
    func ggufMetadata(
        _ architecture: GGUFArchitecture, note: (String) -> Void
    ) throws -> [(key: String, value: GGUFValue)] {
        let reader = ConfigurationReader(object: source, file: "config.json")
        var entries: [(key: String, value: GGUFValue)] = []
        func add(_ key: String, _ value: GGUFValue) { entries.append(("\(architecture.name).\(key)", value)) }
        func add(_ key: String, _ value: Int) { add(key, .unsigned(UInt32(value))) }
        add("vocab_size", vocabularySize)
        add("context_length", maximumPositions)
        add("embedding_length", hiddenSize)
        add("block_count", layerCount)
        add("feed_forward_length", intermediateSize)
        add("attention.head_count", heads)
        add("attention.head_count_kv", keyValueHeads)
        add("attention.key_length", headSize)
        add("attention.value_length", headSize)
        add("attention.layer_norm_rms_epsilon", .float(normEpsilon))
        add("rope.dimension_count", rotary.dimensions)
        add("rope.freq_base", .float(Float(rotary.theta)))
        switch rotary.scaling {
        // A tensor of its own holds what llama3's scaling does.
        case .none, .llama3: break
        case .linear(let factor):
            add("rope.scaling.type", .text("linear"))
            add("rope.scaling.factor", .float(Float(factor)))
        case .yarn(let yarn):
            guard abs(yarn.attentionFactor - yarn.ordinaryAttentionFactor) < 1e-6, yarn.truncate else {
                throw unavailable("attention_factor", "\(yarn.attentionFactor)", ["\(yarn.ordinaryAttentionFactor)"])
            }
            add("rope.scaling.type", .text("yarn"))
            add("rope.scaling.factor", .float(Float(yarn.factor)))
            add("rope.scaling.original_context_length", yarn.originalPositions)
            add("rope.scaling.yarn_beta_fast", .float(Float(yarn.betaFast)))
            add("rope.scaling.yarn_beta_slow", .float(Float(yarn.betaSlow)))
        default:
            // Dynamic scaling begins where the context that the file speaks of ends.
            guard case .dynamic = rotary.scaling else {
                throw unavailable("rope_scaling", "\(rotary.scaling)", ["linear", "yarn", "llama3"])
            }
        }
        switch architecture.modelType {
        case "mixtral":
            let experts = try reader.size("num_local_experts", default: 8)
            add("expert_count", experts)
            add("expert_used_count", try reader.size("num_experts_per_tok", default: 2))
        case "qwen2_moe":
            try addExperts(reader, renormalizes: false, defaults: (60, 4, 1408), add)
            add(
                "expert_shared_feed_forward_length",
                try reader.size("shared_expert_intermediate_size", default: 5632))
        case "qwen3_moe": try addExperts(reader, renormalizes: true, defaults: (128, 8, 768), add)
        case "gemma2":
            try checkGemma2Scale(reader)
            add("attn_logit_softcapping", .float(Float(try reader.number("attn_logit_softcapping", default: 50))))
            add("final_logit_softcapping", .float(Float(try reader.number("final_logit_softcapping", default: 30))))
            add("attention.sliding_window", slidingWindows.compactMap(\.self).first ?? maximumPositions)
        default: break
        }
        noteWindows(architecture, note)
        return entries
    }

    private func addExperts(
        _ reader: ConfigurationReader, renormalizes: Bool, defaults: (experts: Int, choices: Int, size: Int),
        _ add: (String, Int) -> Void
    ) throws {
        let found = try reader.flag("norm_topk_prob", default: false)
        guard found == renormalizes else { throw unavailable("norm_topk_prob", "\(found)", ["\(renormalizes)"]) }
        for key in ["decoder_sparse_step"] where try reader.size(key, default: 1) != 1 {
            throw unavailable(key, "\(try reader.size(key))", ["1"])
        }
        guard try reader.tokens("mlp_only_layers").isEmpty else {
            throw unavailable("mlp_only_layers", "not empty", ["[]"])
        }
        add(
            "expert_count",
            try reader.count("num_experts", default: reader.count("num_local_experts", default: defaults.experts)))
        add("expert_used_count", try reader.size("num_experts_per_tok", default: defaults.choices))
        add("expert_feed_forward_length", try reader.size("moe_intermediate_size", default: defaults.size))
    }

    /// llama.cpp derives what scores are divided by: from the head's size, or in the model of 46 layers from the width.
    private func checkGemma2Scale(_ reader: ConfigurationReader) throws {
        let scalar = try reader.number("query_pre_attn_scalar", default: 256)
        let derived = layerCount == 46 ? Double(hiddenSize) / Double(heads) : Double(headSize)
        guard scalar == derived else { throw unavailable("query_pre_attn_scalar", "\(scalar)", ["\(derived)"]) }
    }

    private func noteWindows(_ architecture: GGUFArchitecture, _ note: (String) -> Void) {
        guard architecture.modelType != "gemma2",
            let window = slidingWindows.compactMap(\.self).min(), window < maximumPositions
        else { return }
        note(
            "llama.cpp does not apply the sliding window of \(window) tokens to this family: its answers differ from "
                + "this program's where a text is longer")
    }

    private func unavailable(_ key: String, _ value: String, _ supported: [String]) -> ModelConfigurationError {
        .unsupported(
            key: key, value: value, supported: supported.map { "\($0) (by llama.cpp, for which the file is)" },
            file: "config.json")
    }
}

extension RotaryScaling.Yarn {
    /// What llama.cpp multiplies by; it knows no other.
    fileprivate var ordinaryAttentionFactor: Double { factor <= 1 ? 1 : 0.1 * logarithm(factor) + 1 }
}
