import JSONDocuments

/// Mistral: the standard decoder with a sliding window on every layer, where the file has one (arXiv 2310.06825).
enum Mistral: ModelFamily {
    static let modelType = "mistral"
    static let architecture = "MistralForCausalLM"
    static let allowsMixtureOfDepths = true

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 4096 * 32, keyValueHeads: 8)
        // An absent key means the first version's window, null none.
        if reader.object["sliding_window"]?.isNull != true {
            let window = try reader.size("sliding_window", default: 4096)
            configuration.slidingWindows = Array(repeating: window, count: configuration.layerCount)
        }
        configuration.setDefaultTokens(begin: 1, ends: [2])
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(&builder, "\(path).self_attn", layer: layer),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp"),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }
}
