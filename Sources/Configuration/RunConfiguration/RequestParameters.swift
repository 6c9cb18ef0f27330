extension ParameterDescription {
    /// Parameters outside the group of generation that a request to generate or chat may set.
    private static let others: Set<String> = [
        "template", "tool_format", "seed", "use_cache", "enable_thinking", "preserve_thinking",
    ]

    /// Whether a request to generate or chat may set the parameter.
    package var actsOnRequests: Bool {
        group == .generating || Self.others.contains(name)
    }
}

/// What a request says of how its model is read into memory, `key=value` each: with other values it is another model.
///
/// Two requests that say the same in another order, or one thing twice, have equal settings.
package struct ModelSettings: Hashable, Sendable {
    /// Sorted by their keys, of which none is there twice.
    package let overrides: [String]

    /// A model as its files say it.
    package static let none = ModelSettings(overrides: [])

    private init(overrides: [String]) { self.overrides = overrides }

    /// Parameters outside the group of quantization that say how a model is read.
    private static let others: Set<String> = [
        "infer_backend", "infer_dtype", "flash_attn", "rope_scaling", "rope_scaling_factor", "rope_theta",
        "mixture_of_depths",
    ]

    package static func isModelSetting(_ row: ParameterDescription) -> Bool {
        row.group == .quantization || others.contains(row.name)
    }

    private static func key(of override: String) -> String { String(override.prefix { $0 != "=" && $0 != "." }) }

    /// Takes what says how the model is read out of a request's overrides.
    ///
    /// - Returns: the others, as they came
    /// - Throws: `ConfigurationError` for settings that no model can be read with
    package static func taken(
        from overrides: [String]
    ) throws(ConfigurationError) -> (settings: ModelSettings, others: [String]) {
        var found: [String: String] = [:]
        var others: [String] = []
        for override in overrides {
            let key = key(of: override)
            if let row = Parameters.named(key), isModelSetting(row) {
                found[key] = override
            } else {
                others.append(override)
            }
        }
        let settings = ModelSettings(overrides: found.keys.sorted().compactMap { found[$0] })
        if !found.isEmpty { _ = try settings.configuration(model: "model") }
        return (settings, others)
    }

    /// The settings as a run's configuration would have them.
    package func configuration(model: String) throws(ConfigurationError) -> RunConfiguration {
        try RunConfiguration.parse(
            object: .mapping([.init("model_name_or_path", .string(model))]), overrides: overrides
        ).validated(for: .inference)
    }
}

extension RunConfiguration {
    /// Whether `setting`, a `key=value`, is one that a request to generate or chat may carry.
    ///
    /// Rules between parameters are the service's to check, for they may need several settings at once.
    package static func checkRequestSetting(_ setting: String) throws(ConfigurationError) {
        _ = try parse(object: .mapping([]), overrides: [setting])
    }
}
