import JSONDocuments

/// Qwen2 and Qwen2.5: biased queries, keys and values, and a sliding window on the upper layers if asked for
/// (arXiv 2407.10671).
enum Qwen2: ModelFamily {
    static let modelType = "qwen2"
    static let architecture = "Qwen2ForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(standard: reader, family: Self.self, maximumPositions: 32768)
        configuration.slidingWindows = try slidingWindows(reader, layers: configuration.layerCount)
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(&builder, "\(path).self_attn", layer: layer, bias: .queriesKeysValues),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp"),
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }

    /// Transformers 5 lists the kind of each layer, transformers 4 says from which layer on the window holds.
    static func slidingWindows(_ reader: ConfigurationReader, layers: Int) throws -> [Int?] {
        let none = [Int?](repeating: nil, count: layers)
        let isNull = reader.object["sliding_window"]?.isNull ?? false
        let kinds = try reader.layerKinds(count: layers)
        guard try reader.flag("use_sliding_window", default: false), !isNull else {
            if kinds?.contains(.sliding) == true {
                throw reader.wrong(
                    "layer_types", "full_attention where no window is used (see 'use_sliding_window')",
                    .string("sliding_attention"))
            }
            return none
        }
        let window = try reader.size("sliding_window", default: 4096)
        if let kinds { return kinds.map { $0 == .sliding ? window : nil } }
        let first = try reader.count("max_window_layers", default: 28)
        return (0..<layers).map { $0 >= first ? window : nil }
    }
}
