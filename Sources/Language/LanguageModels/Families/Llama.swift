/// Llama 1, 2, 3 and 3.1: the standard decoder (Touvron et al., arXiv 2302.13971).
enum Llama: ModelFamily {
    static let modelType = "llama"
    static let architecture = "LlamaForCausalLM"
    static let allowsMixtureOfDepths = true

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(standard: reader, family: Self.self, maximumPositions: 2048)
        configuration.setDefaultTokens(begin: 1, ends: [2])
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let attentionBias = try builder.reader.flag("attention_bias", default: false)
        let feedForwardBias = try builder.reader.flag("mlp_bias", default: false)
        return try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(
                    &builder, "\(path).self_attn", layer: layer, bias: attentionBias ? .all : .none),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp", bias: feedForwardBias),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }
}
