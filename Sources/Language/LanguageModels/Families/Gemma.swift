import Glibc
import Tensors

/// Gemma: scaled embeddings, GELU, norms stored as the distance from one, head and embedding tied (arXiv 2403.08295).
enum Gemma: ModelFamily {
    static let modelType = "gemma"
    static let architecture = "GemmaForCausalLM"
    static let allowsMixtureOfDepths = true
    static let activations = ["gelu_pytorch_tanh", "gelu_new", "gelu"]

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        // Files of the first release say `gelu` and mean its approximation by tanh, which was trained with.
        var configuration = try ModelConfiguration(
            standard: reader, family: Self.self, maximumPositions: 8192, keyValueHeads: 16, headSize: 256,
            activations: activations, tiesEmbeddings: true)
        configuration.setDefaultTokens(begin: 2, ends: [1], padding: 0)
        return configuration
    }

    static func build(_ builder: inout ModelBuilder) throws -> ModelParts {
        let bias = try builder.reader.flag("attention_bias", default: false)
        return try builder.decoder(
            embeddingScale: embeddingScale(builder.configuration), normWeightOffset: 1
        ) { builder, layer, path in
            PreNormBlock(
                attention: try Attention(&builder, "\(path).self_attn", layer: layer, bias: bias ? .all : .none),
                feedForward: try GatedFeedForward(&builder, "\(path).mlp", activation: .gelu),
                attentionNorm: try builder.norm("\(path).input_layernorm", weightOffset: 1),
                feedForwardNorm: try builder.norm("\(path).post_attention_layernorm", weightOffset: 1))
        }
    }

    /// The root of the hidden size, rounded to the type the embedding is stored in, as it was in training.
    static func embeddingScale(_ configuration: ModelConfiguration) -> Float {
        let root = Float(configuration.hiddenSize).squareRoot()
        return configuration.weightFormat?.rounded(root) ?? root
    }
}
