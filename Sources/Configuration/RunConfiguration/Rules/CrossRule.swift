extension RunConfiguration {
    /// The configuration itself, when its parameters agree with each other and everything asked for exists.
    ///
    /// Contradictions are told first, then what is refused or not available yet.
    package func validated(for purpose: Purpose) throws(ConfigurationError) -> RunConfiguration {
        if let first = problems(for: purpose).first { throw first }
        return self
    }

    /// Everything that stands against using the configuration for `purpose`, most fundamental first.
    package func problems(for purpose: Purpose) -> [ConfigurationError] {
        contradictions(for: purpose) + unavailable()
    }

    /// Given values that are refused or that later work brings.
    private func unavailable() -> [ConfigurationError] {
        var problems: [ConfigurationError] = order.compactMap { name in
            guard let row = Parameters.named(name), let given = given[name] else { return nil }
            let value = given.stored.configurationValue
            func failure(_ kind: ConfigurationError.Kind) -> ConfigurationError {
                ConfigurationError(kind, parameter: given.writtenAs, value: value.description, place: given.place)
            }
            return switch row.effect(of: value) {
            case .refused(let reason, let instead): failure(.refused(reason: reason, instead: instead))
            case .notYet(let what): failure(.notYet(what))
            case .acts, .cannotMatter, nil: nil
            }
        }
        if self[Parameters.stage] != .pt, self[Parameters.packing] == true, let given = given["packing"] {
            problems.append(
                ConfigurationError(
                    .notYet("packing for stage sft"), parameter: given.writtenAs, value: "true", place: given.place))
        }
        return problems
    }

    private func contradictions(for purpose: Purpose) -> [ConfigurationError] {
        let rules: [CrossRule] =
            switch purpose {
            case .training:
                CrossRule.model + CrossRule.method + CrossRule.data + CrossRule.training + CrossRule.quantized
                    + CrossRule.schedule
            case .inference: CrossRule.model + CrossRule.inference
            }
        return rules.compactMap { rule in
            guard rule.isBroken(self) else { return nil }
            let given = given[rule.parameter]
            return ConfigurationError(
                .conflict(reason: rule.message, hint: rule.hint), parameter: given?.writtenAs ?? rule.parameter,
                value: given?.stored.configurationValue.description, place: given?.place)
        }
    }
}

/// A rule between parameters; the conditions are the reference's, the words are ours.
struct CrossRule: Sendable {
    /// The parameter whose place the error names.
    let parameter: String
    let message: String
    let hint: String
    let isBroken: @Sendable (RunConfiguration) -> Bool

    init<Value>(
        _ parameter: Parameter<Value>, _ message: String, hint: String,
        when isBroken: @escaping @Sendable (RunConfiguration) -> Bool
    ) {
        self.parameter = parameter.name
        self.message = message
        self.hint = hint
        self.isBroken = isBroken
    }
}
