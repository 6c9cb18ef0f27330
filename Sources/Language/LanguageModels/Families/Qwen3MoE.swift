/// Qwen3-MoE: Qwen3's attention and mixtures of experts without one that all tokens use (arXiv 2505.09388).
enum Qwen3MoE: ModelFamily {
    static let modelType = "qwen3_moe"
    static let architecture = "Qwen3MoeForCausalLM"
    static let hasExperts = true

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 32768, keyValueHeads: 4)
        configuration.slidingWindows = try Qwen2.slidingWindows(reader, layers: configuration.layerCount)
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let sparsity = try SparseLayers(builder.reader, experts: 128, choices: 8, size: 768)
        let bias = try builder.reader.flag("attention_bias", default: false)
        return try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(
                    &builder, "\(path).self_attn", layer: layer, bias: bias ? .all : .none, normalizesHeads: true),
                feedForward: try sparsity.feedForward(&builder, "\(path).mlp", layer: layer),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }
}
