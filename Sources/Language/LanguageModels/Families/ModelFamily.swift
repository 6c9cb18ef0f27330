/// What distinguishes one family of decoder models from another; one file each.
package protocol ModelFamily: Sendable {
    /// The `model_type` of a `config.json`.
    static var modelType: String { get }
    /// The class that transformers builds for it.
    static var architecture: String { get }
    /// Reads the shape of a model; absent keys have the family's defaults.
    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration
    /// Puts a model together, asking `builder` for its parts in the order of the model.
    static func build(_ builder: inout ModelBuilder) throws -> ModelParts
}

/// The families that can be read, by `model_type`.
package enum ModelFamilies {
    static let all: [any ModelFamily.Type] = [
        Llama.self, Mistral.self, Mixtral.self, Qwen2.self, Qwen2MoE.self, Qwen3.self, Qwen3MoE.self, Gemma.self,
        Gemma2.self, Phi3.self, GLM.self, GLM4.self,
    ]

    package static var names: [String] { all.map { $0.modelType } }

    static func named(_ modelType: String) -> (any ModelFamily.Type)? { all.first { $0.modelType == modelType } }
}
