import LanguageModels
import RunConfiguration
import ServiceAPI
import TrainingLoop

/// Parameters that make of a model in memory another one, with the same weights: its positions and depth.
struct ModelKeys {
    static let names = ParameterDescription.namesOfModelKeys

    private let configuration: RunConfiguration

    init(_ configuration: RunConfiguration) { self.configuration = configuration }

    /// - Throws: `ConfigurationError`, and `ServiceError` for any other parameter
    init(overrides: [String], model: String) throws {
        for key in overrides.map({ String($0.prefix { $0 != "=" }) }) where !Self.names.contains(key) {
            throw ServiceError(
                .badConfig, "`\(key)` does not act on log-probabilities",
                hint: "take it out; what acts is \(Self.names.joined(separator: ", "))", field: key)
        }
        let given = ConfigurationValue.mapping([.init("model_name_or_path", .string(model))])
        configuration = try RunConfiguration.parse(object: given, overrides: overrides).validated(for: .inference)
    }

    /// The model that the keys ask for; the same where they ask for nothing.
    func applied(to model: DecoderModel) throws -> DecoderModel {
        guard case .mapping(let entries) = configuration.explicitValues,
            entries.contains(where: { Self.names.contains($0.key) })
        else { return model }
        var changed = model.configuration
        try changed.adoptForInference(configuration)
        return try model.reconfigured(changed)
    }
}
