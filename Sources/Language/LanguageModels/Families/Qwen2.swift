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
    private static func slidingWindows(_ reader: ConfigurationReader, layers: Int) throws -> [Int?] {
        let none = [Int?](repeating: nil, count: layers)
        let isNull = reader.object["sliding_window"]?.isNull ?? false
        let kinds = try reader.texts("layer_types")
        guard try reader.flag("use_sliding_window", default: false), !isNull else {
            if let kind = kinds?.first(where: { $0 != "full_attention" }) {
                throw reader.wrong(
                    "layer_types", "full_attention where no window is used (see 'use_sliding_window')", .string(kind))
            }
            return none
        }
        let window = try reader.size("sliding_window", default: 4096)
        guard let kinds else {
            let first = try reader.count("max_window_layers", default: 28)
            return (0..<layers).map { $0 >= first ? window : nil }
        }
        guard kinds.count == layers else {
            throw reader.wrong("layer_types", "a list of \(layers) kinds", .integer(Int64(kinds.count)))
        }
        return try kinds.map { kind in
            switch kind {
            case "full_attention": nil
            case "sliding_attention": window
            default:
                throw ModelConfigurationError.unsupported(
                    key: "layer_types", value: kind, supported: ["full_attention", "sliding_attention"],
                    file: reader.file)
            }
        }
    }
}
