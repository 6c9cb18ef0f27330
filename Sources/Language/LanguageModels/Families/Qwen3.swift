/// Qwen3: queries and keys are normalised head by head, the size of a head is free (arXiv 2505.09388).
enum Qwen3: ModelFamily {
    static let modelType = "qwen3"
    static let architecture = "Qwen3ForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 32768, keyValueHeads: 32, headSize: 128)
        configuration.slidingWindows = try Qwen2.slidingWindows(reader, layers: configuration.layerCount)
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let bias = try builder.reader.flag("attention_bias", default: false)
        return try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(
                    &builder, "\(path).self_attn", layer: layer, bias: bias ? .all : .none, normalizesHeads: true),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp"),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }
}
