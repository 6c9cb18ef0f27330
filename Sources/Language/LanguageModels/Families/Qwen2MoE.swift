import JSONDocuments

/// Qwen2-MoE: Qwen2's attention, mixtures of experts beside one that all tokens use (arXiv 2407.10671).
enum Qwen2MoE: ModelFamily {
    static let modelType = "qwen2_moe"
    static let architecture = "Qwen2MoeForCausalLM"
    static let hasExperts = true

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 32768, keyValueHeads: 16)
        configuration.slidingWindows = try Qwen2.slidingWindows(reader, layers: configuration.layerCount)
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let reader = builder.reader
        let sparsity = try SparseLayers(reader, experts: 60, choices: 4, size: 1408)
        let sharedSize = try reader.size("shared_expert_intermediate_size", default: 5632)
        let bias = try reader.flag("qkv_bias", default: true)
        return try builder.decoder { builder, layer, path in
            PreNormBlock(
                attention: try Attention(
                    &builder, "\(path).self_attn", layer: layer, bias: bias ? .queriesKeysValues : .none),
                feedForward: try sparsity.feedForward(&builder, "\(path).mlp", layer: layer) { builder in
                    MixtureOfExperts.SharedExpert(
                        network: try GatedFeedForward(&builder, "\(path).mlp.shared_expert", size: sharedSize),
                        gate: try builder.linear(
                            "\(path).mlp.shared_expert_gate", 1, builder.configuration.hiddenSize))
                },
                attentionNorm: try builder.norm("\(path).input_layernorm"),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm"))
        }
    }
}

/// Which layers of the Qwen families have a mixture of experts, and of which size.
struct SparseLayers {
    private let experts: Int
    private let choices: Int
    private let size: Int
    private let renormalizes: Bool
    private let step: Int
    private let dense: Set<Int>

    /// - Parameters: the family's defaults
    init(_ reader: ConfigurationReader, experts: Int, choices: Int, size: Int) throws {
        // Transformers 5 writes the number under either name.
        self.experts = try reader.count("num_experts", default: reader.count("num_local_experts", default: experts))
        self.choices = try reader.expertsPerToken("num_experts_per_tok", default: choices, of: self.experts)
        self.size = try reader.size("moe_intermediate_size", default: size)
        renormalizes = try reader.flag("norm_topk_prob", default: false)
        step = try reader.size("decoder_sparse_step", default: 1)
        dense = Set(try reader.tokens("mlp_only_layers").map { Int($0) })
    }

    func feedForward(
        _ builder: inout ModelBuilder, _ path: String, layer: Int,
        shared: (inout ModelBuilder) throws -> MixtureOfExperts.SharedExpert? = { _ in nil }
    ) throws -> any FeedForward {
        guard experts > 0, !dense.contains(layer), (layer + 1) % step == 0 else {
            return try GatedFeedForward(&builder, path)
        }
        let router = try builder.router("\(path).gate", experts)
        let networks = try MixtureOfExperts.experts(&builder, "\(path).experts", count: experts, size: size)
        return MixtureOfExperts(
            router: router, experts: networks, choices: choices, renormalizes: renormalizes,
            shared: try shared(&builder))
    }
}

extension ConfigurationReader {
    /// How many experts each token uses; not more than there are.
    func expertsPerToken(_ key: String, default fallback: Int, of experts: Int) throws -> Int {
        let count = try size(key, default: fallback)
        guard experts == 0 || count <= experts else {
            throw wrong(key, "at most the number of experts (\(experts))", .integer(Int64(count)))
        }
        return count
    }
}
