import JSONDocuments

/// Mixtral: Mistral's attention and a mixture of experts in every layer (arXiv 2401.04088).
enum Mixtral: ModelFamily {
    static let modelType = "mixtral"
    static let architecture = "MixtralForCausalLM"
    static let hasExperts = true
    static let allowsMixtureOfDepths = true

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 4096 * 32, keyValueHeads: 8, normEpsilon: 1e-5)
        if reader.object.contains("sliding_window"), reader.object["sliding_window"]?.isNull == false {
            let window = try reader.size("sliding_window")
            configuration.slidingWindows = Array(repeating: window, count: configuration.layerCount)
        }
        configuration.setDefaultTokens(begin: 1, ends: [2])
        guard try reader.number("router_jitter_noise", default: 0) == 0 else {
            throw reader.wrong("router_jitter_noise", "0", reader.object["router_jitter_noise"] ?? .null)
        }
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let experts = try builder.reader.size("num_local_experts", default: 8)
        let choices = try builder.reader.expertsPerToken("num_experts_per_tok", default: 2, of: experts)
        // Transformers 5 has another name for it where it keeps experts fused.
        let module = builder.configuration.fusesExperts ? "mlp" : "block_sparse_moe"
        return try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(&builder, "\(path).self_attn", layer: layer),
                feedForward: try mixture(&builder, "\(path).\(module)", experts, choices),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }

    private static func mixture(
        _ builder: inout ModelBuilder, _ path: String, _ count: Int, _ choices: Int
    ) throws -> MixtureOfExperts {
        let router = try builder.router("\(path).gate", count)
        let experts = try MixtureOfExperts.experts(
            &builder, "\(path).experts", count: count, names: .init(gate: "w1", up: "w3", down: "w2"))
        return MixtureOfExperts(router: router, experts: experts, choices: choices, renormalizes: true, shared: nil)
    }
}
