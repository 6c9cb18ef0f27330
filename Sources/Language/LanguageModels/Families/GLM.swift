/// GLM-4-9B in Hugging Face form: half of each head is rotated, neighbours being pairs; gate and up are one matrix
/// (arXiv 2406.12793).
enum GLM: ModelFamily {
    static let modelType = "glm"
    static let architecture = "GlmForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 131_072, keyValueHeads: 2, headSize: 128,
            rotatedShare: 0.5, normEpsilon: 1.5625e-7)
        let ends: [Int32] = [151_329, 151_336, 151_338]
        configuration.setDefaultTokens(begin: nil, ends: ends, padding: 151_329)
        // In this family null means the same as an absent key.
        if configuration.endTokens.isEmpty { configuration.endTokens = ends }
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try attention(&builder, "\(path).self_attn", layer: layer),
                feedForward: try FusedFeedForward(&builder, "\(path).mlp"),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }

    static func attention(_ builder: inout ModelBuilder, _ path: String, layer: Int) throws -> Attention {
        let bias = try builder.reader.flag("attention_bias", default: false)
        return try Attention(
            &builder, path, layer: layer,
            rotary: RotaryTables(builder.configuration.rotary, pairsNeighbours: true),
            bias: bias ? .queriesKeysValues : .none)
    }
}
