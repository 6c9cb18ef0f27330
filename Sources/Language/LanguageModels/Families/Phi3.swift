import JSONDocuments

/// Phi-3, Phi-3.5 and Phi-4-mini: fused projections, partly rotated heads, a sliding window where the file has one
/// (arXiv 2404.14219).
enum Phi3: ModelFamily {
    static let modelType = "phi3"
    static let architecture = "Phi3ForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 4096, rotatedShare: 1, normEpsilon: 1e-5)
        if reader.object["sliding_window"]?.isNull == false {
            let window = try reader.size("sliding_window")
            configuration.slidingWindows = Array(repeating: window, count: configuration.layerCount)
        }
        for key in ["resid_pdrop", "embd_pdrop"] where try reader.number(key, default: 0) != 0 {
            throw ModelConfigurationError.unsupported(
                key: key, value: "\(try reader.number(key, default: 0))", supported: ["0"], file: reader.file)
        }
        configuration.setDefaultTokens(begin: 1, ends: [32000], padding: 32000)
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try FusedAttention(&builder, "\(path).self_attn", layer: layer),
                feedForward: try FusedFeedForward(&builder, "\(path).mlp"),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }
}
