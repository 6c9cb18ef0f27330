import JSONDocuments

/// Llama 1, 2, 3 and 3.1: the standard decoder (Touvron et al., arXiv 2302.13971).
enum Llama: ModelFamily {
    static let modelType = "llama"
    static let architecture = "LlamaForCausalLM"

    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
        var configuration = try ModelConfiguration(standard: reader, family: Self.self, maximumPositions: 2048)
        configuration.attentionBias = try reader.flag("attention_bias", default: false) ? .all : .none
        configuration.feedForwardBias = try reader.flag("mlp_bias", default: false)
        // An absent key has the family's default; null stands for none.
        if !reader.object.contains("bos_token_id") { configuration.beginToken = 1 }
        if !reader.object.contains("eos_token_id") { configuration.endTokens = [2] }
        return configuration
    }
}
