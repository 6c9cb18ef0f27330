extension ParameterDescription {
    /// Parameters outside the group of generation that a request to generate or chat may set.
    private static let others: Set<String> = [
        "template", "tool_format", "seed", "use_cache", "enable_thinking", "preserve_thinking",
    ]

    /// Parameters by which a request asks for another model of the same weights.
    package static let namesOfModelKeys = ["rope_scaling", "rope_scaling_factor", "rope_theta", "mixture_of_depths"]

    /// Whether a request may ask for another model of the same weights by the parameter.
    package var makesAnotherModel: Bool { Self.namesOfModelKeys.contains(name) }

    /// Whether a request to generate or chat may set the parameter.
    package var actsOnRequests: Bool {
        group == .generating || Self.others.contains(name) || makesAnotherModel
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
