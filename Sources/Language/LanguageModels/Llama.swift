/// Llama 1, 2, 3 and 3.1: the standard decoder (Touvron et al., arXiv 2302.13971).
enum Llama: ModelFamily {
    static let modelType = "llama"
    static let architecture = "LlamaForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(standard: reader, family: Self.self, maximumPositions: 2048)
        configuration.attentionBias = try reader.flag("attention_bias", default: false) ? .all : .none
        configuration.feedForwardBias = try reader.flag("mlp_bias", default: false)
        return configuration
    }
}
