import Glibc
import JSONDocuments
import Tensors

/// Gemma 2: as Gemma, with norms behind attention and feed-forward network too, soft caps, and a sliding window on
/// every other layer (arXiv 2408.00118).
enum Gemma2: ModelFamily {
    static let modelType = "gemma2"
    static let architecture = "Gemma2ForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 8192, keyValueHeads: 4, headSize: 256,
            activations: Gemma.activations, tiesEmbeddings: true)
        configuration.slidingWindows = try slidingWindows(reader, layers: configuration.layerCount)
        configuration.setDefaultTokens(begin: 2, ends: [1], padding: 0)
        return configuration
    }

    /// The even layers have the window, unless `layer_types` says otherwise.
    private static func slidingWindows(_ reader: ConfigurationReader, layers: Int) throws -> [Int?] {
        let window =
            reader.object["sliding_window"]?.isNull == true ? nil : try reader.size("sliding_window", default: 4096)
        let kinds = try reader.layerKinds(count: layers)
        return (0..<layers).map { layer in
            (kinds.map { $0[layer] == .sliding } ?? layer.isMultiple(of: 2)) ? window : nil
        }
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let reader = builder.reader
        let bias = try reader.flag("attention_bias", default: false)
        func cap(_ key: String, default fallback: Double) throws -> Float? {
            reader.object[key]?.isNull == true ? nil : try reader.positiveFloat(key, default: fallback)
        }
        let attentionCap = try cap("attn_logit_softcapping", default: 50)
        let scale = Float(pow(Double(try reader.positiveFloat("query_pre_attn_scalar", default: 256)), -0.5))
        return try builder.decoder(
            embeddingScale: Gemma.embeddingScale(builder.configuration), normWeightOffset: 1,
            logitSoftCap: cap("final_logit_softcapping", default: 30)
        ) { builder, layer, path in
            var options = builder.configuration.attention(layer: layer)
            options.scale = scale
            options.softCap = attentionCap
            func norm(_ name: String) throws -> RMSNorm { try builder.norm("\(path).\(name)", weightOffset: 1) }
            return SandwichNormBlock(
                attention: try Attention(
                    &builder, "\(path).self_attn", layer: layer, options: options, bias: bias ? .all : .none),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp", activation: .gelu),
                attentionNorm: try norm("input_layernorm"),
                attentionOutputNorm: try norm("post_attention_layernorm"),
                feedForwardNorm: try norm("pre_feedforward_layernorm"),
                feedForwardOutputNorm: try norm("post_feedforward_layernorm"))
        }
    }
}
