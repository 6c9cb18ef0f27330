/// What distinguishes one family of decoder models from another; one file each.
package protocol ModelFamily: Sendable {
    /// The `model_type` of a `config.json`.
    static var modelType: String { get }
    /// The class that transformers builds for it.
    static var architecture: String { get }
    /// Whether every other block may be one that only some tokens go through.
    static var allowsMixtureOfDepths: Bool { get }
    /// Whether its models have mixtures of experts, which report what their routers chose.
    static var hasExperts: Bool { get }
    /// Reads the shape of a model; absent keys have the family's defaults.
    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration
    /// Puts a model together, asking `builder` for its parts in the order of the model.
    static func build(_ builder: inout ModelBuilder) throws -> ModelParts
}

extension ModelFamily {
    package static var allowsMixtureOfDepths: Bool { false }
    package static var hasExperts: Bool { false }

    /// The class of a model with mixture of depths.
    package static var depthArchitecture: String { architecture.replacing("ForCausalLM", with: "MoDForCausalLM") }
}

/// The families that can be read, by `model_type`.
package enum ModelFamilies {
    static let all: [any ModelFamily.Type] = [
        Llama.self, Mistral.self, Mixtral.self, Qwen2.self, Qwen2MoE.self, Qwen3.self, Qwen3MoE.self, Gemma.self,
        Gemma2.self, Gemma3.self, Phi3.self, GLM.self, GLM4.self,
    ]

    package static var names: [String] { all.map { $0.modelType } }

    package static var namesWithMixtureOfDepths: [String] {
        all.filter { $0.allowsMixtureOfDepths }.map { $0.modelType }
    }

    static func named(_ modelType: String) -> (any ModelFamily.Type)? { all.first { $0.modelType == modelType } }
}
