/// GLM-4-0414: as GLM, with norms behind attention and feed-forward network too.
enum GLM4: ModelFamily {
    static let modelType = "glm4"
    static let architecture = "Glm4ForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try GLM.configuration(reader)
        configuration.family = Self.self
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        try builder.decoder { builder, layer, path in
            SandwichNormBlock(
                attention: try GLM.attention(&builder, "\(path).self_attn", layer: layer),
                feedForward: try FusedFeedForward(&builder, "\(path).mlp"),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                attentionOutputNorm: try builder.norm("\(path).post_self_attn_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"),
                feedForwardOutputNorm: try builder.norm("\(path).post_mlp_layernorm"))
        }
    }
}
