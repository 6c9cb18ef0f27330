import Glibc
import JSONDocuments
import Tensors

/// Gemma 3, the text model: as Gemma 2 without soft caps, with heads that are normalised before they are rotated, and
/// five layers with a window and a rotation of their own before each that sees everything (arXiv 2503.19786).
enum Gemma3: ModelFamily {
    static let modelType = "gemma3_text"
    static let architecture = "Gemma3ForCausalLM"

    /// What older files leave out.
    private static let defaults: JSONObject = [
        "vocab_size": 262_208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
        "num_attention_heads": 8,
    ]

    static func configuration(_ given: ConfigurationReader) throws -> ModelConfiguration {
        let reader = given.filled(with: defaults)
        let global = try rotation(reader, "full_attention", thetaKey: "rope_theta", takesScaling: true)
        let local = try rotation(reader, "sliding_attention", thetaKey: "rope_local_base_freq", takesScaling: false)
        var configuration = try ModelConfiguration(
            standard: global, family: Self.self, maximumPositions: 131_072, keyValueHeads: 4, headSize: 256,
            activations: Gemma.activations, tiesEmbeddings: true, theta: 1_000_000)
        configuration.source = reader.object
        configuration.localRotary = try RotaryFrequencies.reading(
            local, headSize: configuration.headSize, maximumPositions: configuration.maximumPositions)
        let window =
            reader.object["sliding_window"]?.isNull == true ? nil : try reader.size("sliding_window", default: 4096)
        configuration.slidingWindows = try localLayers(reader, count: configuration.layerCount).map {
            $0 ? window : nil
        }
        configuration.setDefaultTokens(begin: 2, ends: [1], padding: 0)
        if let cap = reader.object["attn_logit_softcapping"], !cap.isNull {
            throw reader.wrong("attn_logit_softcapping", "null in this family", cap)
        }
        return configuration
    }

    /// `config.json` as if all layers were of one kind: transformers 5 has an object for each kind in
    /// `rope_parameters`, transformers 4 a base for each and a scaling for those that see everything.
    private static func rotation(
        _ reader: ConfigurationReader, _ kind: String, thetaKey: String, takesScaling: Bool
    ) throws -> ConfigurationReader {
        let own = try reader.nested("rope_parameters")?.nested(kind)?.object ?? [:]
        var scaling = own
        scaling["rope_theta"] = nil
        if takesScaling, let given = try reader.nested("rope_scaling")?.object {
            for (key, value) in given { scaling[key] = value }
        }
        var object = reader.object
        object["rope_parameters"] = nil
        object["rope_scaling"] = scaling.isEmpty ? nil : .object(scaling)
        object["rope_theta"] = own["rope_theta"] ?? reader.object[thetaKey]
        return ConfigurationReader(object: object, file: reader.file)
    }

    /// Which layers have the window: all but each sixth, unless `layer_types` or `sliding_window_pattern` says otherwise.
    private static func localLayers(_ reader: ConfigurationReader, count: Int) throws -> [Bool] {
        let pattern = try reader.size("sliding_window_pattern", default: 6)
        let kinds = try reader.layerKinds(count: count)
        return (0..<count).map { layer in kinds.map { $0[layer] == .sliding } ?? ((layer + 1) % pattern != 0) }
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let (reader, configuration) = (builder.reader, builder.configuration)
        let bias = try reader.flag("attention_bias", default: false)
        let cap = try reader.object["final_logit_softcapping"].flatMap { value -> Float? in
            value.isNull ? nil : try reader.positiveFloat("final_logit_softcapping")
        }
        let scale = Float(pow(Double(try reader.positiveFloat("query_pre_attn_scalar", default: 256)), -0.5))
        let local = configuration.localRotary.map { RotaryTables($0) }
        let isLocal = try localLayers(reader, count: configuration.layerCount)
        return try builder.decoder(
            embeddingScale: Gemma.embeddingScale(configuration), normWeightOffset: 1, logitSoftCap: cap
        ) { builder, layer, path in
            var options = configuration.attention(layer: layer)
            options.scale = scale
            func norm(_ name: String) throws -> RMSNorm { try builder.norm("\(path).\(name)", weightOffset: 1) }
            return SandwichNormBlock(
                attention: try Attention(
                    &builder, "\(path).self_attn", layer: layer, options: options, rotary: isLocal[layer] ? local : nil,
                    bias: bias ? .all : .none, normalizesHeads: true, normWeightOffset: 1),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp", activation: .gelu),
                attentionNorm: try norm("input_layernorm"),
                attentionOutputNorm: try norm("post_attention_layernorm"),
                feedForwardNorm: try norm("pre_feedforward_layernorm"),
                feedForwardOutputNorm: try norm("post_feedforward_layernorm"))
        }
    }
}
