/// Turns nodes and overrides into typed values, collecting every problem instead of stopping at the first.
struct ConfigurationDecoder {
    private var problems: [ConfigurationError] = []
    /// Written values under the parameters' own names.
    private var written: [String: Written] = [:]
    private var order: [String] = []
    private var unread = UnreadParameters.none

    private struct Written {
        let name: String
        var node: ConfigurationNode
        let isOverride: Bool
    }

    mutating func read(root: ConfigurationNode?) {
        guard let root else { return }
        switch root.content {
        case .mapping(let entries):
            for entry in entries { take(entry, isOverride: false) }
        case .scalar(.null): return
        default:
            unread = .all
            problems.append(
                ConfigurationError(
                    .syntax("a configuration is a mapping of parameter names to values"), place: root.place))
        }
    }

    /// Reads `key=value`; a dotted key sets one entry of a mapping.
    mutating func read(override: String, number: Int) {
        let place = ConfigurationPlace(source: .override(number))
        let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isBlank else {
            problems.append(ConfigurationError(.malformedOverride, value: override, place: place))
            return
        }
        let path = parts[0].trimmed.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        do throws(ConfigurationError) {
            var node = try Self.overrideValue(String(parts[1]), place)
            for key in path.dropFirst().reversed() {
                node = ConfigurationNode(
                    content: .mapping([.init(key: key, keyPlace: place, node: node)]), text: nil, place: place)
            }
            take(.init(key: path[0], keyPlace: place, node: node), isOverride: true, merging: path.count > 1)
        } catch {
            if let row = Parameters.named(path[0]) { unread.insert(row.name) }
            problems.append(error)
        }
    }

    /// Brackets, braces and quotes are read as YAML; anything else is one plain scalar, whatever it contains.
    private static func overrideValue(_ text: String, _ place: ConfigurationPlace) throws(ConfigurationError)
        -> ConfigurationNode
    {
        let trimmed = text.trimmed
        guard let first = trimmed.first, "[{\"'".contains(first) else {
            return ConfigurationNode(
                content: .scalar(PlainScalar.value(of: trimmed)), text: trimmed, place: place)
        }
        do throws(ConfigurationError) {
            return try YAMLDocument.parse(trimmed, source: place.source)
                ?? ConfigurationNode(.null, place: place)
        } catch {
            throw ConfigurationError(error.kind, value: trimmed, place: place)
        }
    }

    private mutating func take(_ entry: ConfigurationNode.Entry, isOverride: Bool, merging: Bool = false) {
        guard let row = Parameters.named(entry.key) else {
            let nearest = Parameters.nearestName(to: entry.key)
            if let nearest { unread.insert(nearest) }
            problems.append(
                ConfigurationError(
                    .unknownParameter(nearest: nearest), parameter: String(entry.key.prefix(100)),
                    place: entry.keyPlace))
            return
        }
        if let earlier = written[row.name] {
            guard isOverride else {
                problems.append(
                    ConfigurationError(
                        .givenTwice(firstAs: earlier.name), parameter: entry.key, place: entry.keyPlace))
                return
            }
            if merging, case .mapping(let old) = earlier.node.content, case .mapping(let new) = entry.node.content {
                let kept = old.filter { entry in !new.contains { $0.key == entry.key } }
                let node = ConfigurationNode(content: .mapping(kept + new), text: nil, place: entry.node.place)
                written[row.name] = Written(name: entry.key, node: node, isOverride: true)
                return
            }
        } else {
            order.append(row.name)
        }
        written[row.name] = Written(name: entry.key, node: entry.node, isOverride: isOverride)
    }

    consuming func finish() -> (configuration: RunConfiguration, problems: [ConfigurationError]) {
        var given: [String: RunConfiguration.GivenValue] = [:]
        for name in order {
            guard let row = Parameters.named(name), let written = written[name] else { continue }
            do throws(ConfigurationError) {
                let stored = try Self.value(of: row, written.node, writtenAs: written.name)
                given[name] = RunConfiguration.GivenValue(
                    writtenAs: written.name, stored: stored, text: written.node.text, place: written.node.place)
            } catch {
                unread.insert(name)
                problems.append(error)
            }
        }
        return (RunConfiguration(given: given, order: order.filter { given[$0] != nil }, unread: unread), problems)
    }

    private static func value(of row: ParameterDescription, _ node: ConfigurationNode, writtenAs name: String)
        throws(ConfigurationError) -> any StoredParameterValue
    {
        let shown = row.isSecret ? "(secret)" : node.text ?? node.value.description
        func failure(_ kind: ConfigurationError.Kind) -> ConfigurationError {
            ConfigurationError(kind, parameter: name, value: shown, place: node.place)
        }
        guard let stored = row.read(node) else {
            // A value that has the right shape but is no known word is told the words, not the type.
            if !row.choices.isEmpty, case .scalar(let value) = node.content, value != .null, node.text != nil {
                throw failure(.notAChoice(row.choices))
            }
            throw failure(.wrongType(expected: row.expectation, found: node.value.kindInWords))
        }
        let value = stored.configurationValue
        if let range = row.range, let number = value.magnitude, !range.contains(number) {
            throw failure(.outOfRange(expected: range.summary))
        }
        if !row.choices.isEmpty, value != .null, !row.allows(value) {
            throw failure(.notAChoice(row.choices))
        }
        return stored
    }
}

extension ParameterDescription {
    fileprivate func allows(_ value: ConfigurationValue) -> Bool {
        if case .list(let items) = value { return items.allSatisfy(allows) }
        return choices.contains(value.description)
    }
}

extension ConfigurationValue {
    /// The kind of value with an article, for messages.
    var kindInWords: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a float"
        case .string: "a text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
