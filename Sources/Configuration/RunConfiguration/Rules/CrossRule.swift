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
        contradictions(for: purpose)
            + unavailable { name in
                switch purpose {
                case .data: Parameters.named(name)?.group == .data
                // Exports round weights themselves.
                case .export: name != Parameters.inferDtype.name
                case .training, .inference: true
                }
            }
    }

    /// Given values that are refused or that later work brings.
    private func unavailable(among isConcerned: (String) -> Bool) -> [ConfigurationError] {
        let problems: [ConfigurationError] = order.compactMap { name in
            guard isConcerned(name), let row = Parameters.named(name), let given = given[name] else { return nil }
            let value = given.stored.configurationValue
            func failure(_ kind: ConfigurationError.Kind) -> ConfigurationError {
                ConfigurationError(
                    kind, parameter: given.writtenAs, value: row.isSecret ? "(secret)" : value.description,
                    place: given.place)
            }
            return switch row.effect(of: value) {
            case .refused(let reason, let instead): failure(.refused(reason: reason, instead: instead))
            case .notYet(let what): failure(.notYet(what))
            case .acts, .cannotMatter, nil: nil
            }
        }
        return problems
    }

    /// Parameters whose rules matter as well where nothing but the data is looked at.
    private static let namesOfDataRules: Set<String> = [
        Parameters.predictWithGenerate.name, Parameters.neatPacking.name,
        Parameters.trainOnPrompt.name, Parameters.maskHistory.name, Parameters.streaming.name,
        Parameters.dataset.name, Parameters.evalDataset.name,
    ]

    /// The error that blames the value given for `parameter`, for what only the data can tell.
    package func conflict<Value>(
        _ parameter: Parameter<Value>, reason: String, hint: String
    ) -> ConfigurationError {
        let given = given[parameter.name]
        return ConfigurationError(
            .conflict(reason: reason, hint: hint), parameter: given?.writtenAs ?? parameter.name,
            value: given?.stored.configurationValue.description, place: given?.place)
    }

    private func contradictions(for purpose: Purpose) -> [ConfigurationError] {
        let rules: [CrossRule] =
            switch purpose {
            case .training:
                CrossRule.model + CrossRule.method + CrossRule.adapters + CrossRule.data + CrossRule.training
                    + CrossRule.quantization + CrossRule.quantized + CrossRule.schedule + CrossRule.deepSpeed
            case .inference: CrossRule.model + CrossRule.inference + CrossRule.quantization
            case .export: CrossRule.model + CrossRule.export
            case .data: CrossRule.data + CrossRule.training.filter { Self.namesOfDataRules.contains($0.parameter) }
            }
        return rules.compactMap { rule in
            guard rule.isBroken(self), !isFollower(rule) else { return nil }
            let given = given[rule.parameter]
            return ConfigurationError(
                .conflict(reason: rule.message, hint: rule.hint), parameter: given?.writtenAs ?? rule.parameter,
                value: given?.stored.configurationValue.description, place: given?.place)
        }
    }
}

extension RunConfiguration {
    /// Whether a broken rule would hold, for all that is known, if what could not be read were mended.
    private func isFollower(_ rule: CrossRule) -> Bool {
        if case .none = unread { return false }
        var observed = self
        let reads = ParameterReads()
        observed.reads = reads
        _ = rule.isBroken(observed)
        return unread.touches(reads.names)
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
