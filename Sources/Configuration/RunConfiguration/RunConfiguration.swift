/// A run's parameters: decoded, with defaults filled in. `validated(for:)` must accept it before it is used.
package struct RunConfiguration: Sendable {
    /// What a configuration is going to be used for; the cross rules differ.
    package enum Purpose: Sendable {
        case training, inference, export
        /// Preparing the data of a training run, also of a stage that cannot be trained yet.
        case data
    }

    /// What a file asks for that says nothing else: an export where there is a folder for one and nothing to train.
    package var usualPurpose: Purpose {
        self[Parameters.exportDir] != nil && !self[Parameters.doTrain] ? .export : .training
    }

    /// Values that were given, under the parameters' own names.
    let given: [String: GivenValue]
    /// The order in which they were given.
    let order: [String]
    /// What could not be read; rules do not speak of it.
    var unread = UnreadParameters.none
    /// Notes what a rule looks at.
    var reads: ParameterReads?

    /// A value somebody wrote, with the spelling of its name.
    struct GivenValue: Sendable {
        let writtenAs: String
        let stored: any StoredParameterValue
        let text: String?
        let place: ConfigurationPlace
    }

    /// The value given for `parameter`, or its default.
    package subscript<Value>(parameter: Parameter<Value>) -> Value {
        reads?.note(parameter.name)
        return (given[parameter.name]?.stored as? StoredValue<Value>)?.value ?? parameter.defaultValue
    }

    /// Whether the user gave the parameter, be it its default.
    package func isExplicit<Value>(_ parameter: Parameter<Value>) -> Bool {
        reads?.note(parameter.name)
        return given[parameter.name] != nil
    }

    /// The values that were given, as a plain mapping in the order they were given, without secrets.
    package var explicitValues: ConfigurationValue {
        .mapping(
            order.compactMap { name in
                given[name].flatMap { value in
                    Self.isSecret(name) ? nil : .init(name, value.stored.configurationValue)
                }
            })
    }

    /// The names of the secrets that were given, such as access tokens.
    package var secrets: [String] { order.filter(Self.isSecret) }

    private static func isSecret(_ name: String) -> Bool { Parameters.named(name)?.isSecret ?? false }

    /// The value of every parameter, in the table's order; secrets have their defaults.
    package var effectiveValues: ConfigurationValue {
        .mapping(
            Parameters.all.map { row in
                let value = row.isSecret ? nil : given[row.name]?.stored.configurationValue
                return .init(row.name, value ?? row.defaultValue)
            })
    }

    /// The given paths that `change` makes others of, as they then are.
    package func paths(changedBy change: (String) -> String) -> [(name: String, value: ConfigurationValue)] {
        func changed(_ value: ConfigurationValue) -> ConfigurationValue {
            switch value {
            case .string(let path): .string(change(path))
            case .list(let items): .list(items.map(changed))
            default: value
            }
        }
        return order.compactMap { name in
            guard Parameters.named(name)?.path != nil, let value = given[name]?.stored.configurationValue,
                changed(value) != value
            else { return nil }
            return (name, changed(value))
        }
    }

    /// One line for each given value that is accepted but cannot change the result here.
    package var notes: [String] {
        order.compactMap { name in
            if let note = Self.noteOnHubs(name) { return note }
            if usualPurpose == .training, Parameters.named(name)?.group == .export {
                return "`\(name)` does nothing in a run that trains; `tunectl export FILE` exports"
            }
            guard let row = Parameters.named(name), let value = given[name]?.stored.configurationValue,
                case .cannotMatter(let reason) = row.effect(of: value)
            else { return nil }
            return "`\(name): \(value)` changes nothing here: \(reason)"
        }
    }
}

extension RunConfiguration {
    /// What jobs, which have no network, leave to the client.
    private static func noteOnHubs(_ name: String) -> String? {
        if isSecret(name) { return "`\(name)` is not kept with the job, which has no network" }
        return [Parameters.exportHubModelId.name, Parameters.hubModelId.name].contains(name)
            ? "`\(name)`: the job uploads nothing; `tunectl push FILE` does when it has ended" : nil
    }

    /// Reads a YAML or JSON text; each override is `key=value` and wins over the text.
    ///
    /// - Parameter name: the file's name for messages.
    package static func parse(yaml text: String, name: String, overrides: [String] = []) throws(ConfigurationError)
        -> RunConfiguration
    {
        let (configuration, problems) = read(yaml: text, name: name, overrides: overrides)
        if let first = problems.first { throw first }
        return configuration
    }

    /// Reads an object that came by RPC or from a test.
    package static func parse(object: ConfigurationValue, overrides: [String] = []) throws(ConfigurationError)
        -> RunConfiguration
    {
        let (configuration, problems) = read(object: object, overrides: overrides)
        if let first = problems.first { throw first }
        return configuration
    }

    /// As `parse`, but with every problem; the configuration lacks the values that had one.
    package static func read(yaml text: String, name: String, overrides: [String] = [])
        -> (configuration: RunConfiguration, problems: [ConfigurationError])
    {
        do throws(ConfigurationError) {
            return decode(try YAMLDocument.parse(text, source: .file(name)), overrides: overrides)
        } catch {
            return (RunConfiguration(given: [:], order: [], unread: .all), [error])
        }
    }

    /// As `parse`, but with every problem; the configuration lacks the values that had one.
    package static func read(object: ConfigurationValue, overrides: [String] = [])
        -> (configuration: RunConfiguration, problems: [ConfigurationError])
    {
        decode(ConfigurationNode(object, place: ConfigurationPlace(source: .object)), overrides: overrides)
    }

    private static func decode(_ root: ConfigurationNode?, overrides: [String])
        -> (configuration: RunConfiguration, problems: [ConfigurationError])
    {
        var decoder = ConfigurationDecoder()
        decoder.read(root: root)
        for (index, override) in overrides.enumerated() {
            decoder.read(override: override, number: index + 1)
        }
        return decoder.finish()
    }
}
