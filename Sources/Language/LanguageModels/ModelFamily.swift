/// What distinguishes one family of decoder models from another.
protocol ModelFamily {
    /// The `model_type` of a `config.json`.
    static var modelType: String { get }
    /// The class that transformers builds for it.
    static var architecture: String { get }
    static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration
}

/// The families that can be read, by `model_type`.
package enum ModelFamilies {
    static var all: [any ModelFamily.Type] { [Llama.self, Qwen2.self] }

    package static var names: [String] { all.map { $0.modelType } }

    static func named(_ modelType: String) -> (any ModelFamily.Type)? { all.first { $0.modelType == modelType } }
}
