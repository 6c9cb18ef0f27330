/// A configuration value as plain data, for callers that build or read configurations without a file.
package enum ConfigurationValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([ConfigurationValue])
    /// Entries in the order they were given.
    case mapping([Entry])

    /// One key of a mapping with its value.
    package struct Entry: Sendable, Equatable {
        package let key: String
        package let value: ConfigurationValue

        package init(_ key: String, _ value: ConfigurationValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value under `key` of a mapping; nil for other values and absent keys.
    package subscript(key: String) -> ConfigurationValue? {
        guard case .mapping(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }
}

extension ConfigurationValue: CustomStringConvertible {
    /// The value as a configuration file would spell it on one line.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let value): value
        case .list(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
        case .mapping(let entries): "{" + entries.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
    }
}

/// A parameter that holds a free mapping, such as `lr_scheduler_kwargs`.
package struct ConfigurationMapping: Sendable, Equatable {
    package let entries: [ConfigurationValue.Entry]

    package init(_ entries: [ConfigurationValue.Entry]) {
        self.entries = entries
    }

    package subscript(key: String) -> ConfigurationValue? {
        entries.first { $0.key == key }?.value
    }

    /// The number under `key`, whether written as an integer, a float or a numeric text.
    package func number(_ key: String) -> Double? {
        switch self[key] {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .string(let text): Double(text)
        default: nil
        }
    }

    /// The text under `key`.
    package func string(_ key: String) -> String? {
        guard case .string(let text) = self[key] else { return nil }
        return text
    }
}

extension ConfigurationValue {
    /// Reads any YAML or JSON document with the limits of run configurations; an empty one is an empty mapping.
    package static func parse(yaml text: String, name: String) throws(ConfigurationError) -> ConfigurationValue {
        try YAMLDocument.parse(text, source: .file(name))?.value ?? .mapping([])
    }
}
