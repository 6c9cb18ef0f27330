/// A Swift type that a parameter's value can have, with the rules by which written values become it.
package protocol ParameterValue: Sendable, Equatable {
    /// The type's name in help and schema, such as `int` or `list of str`.
    static var typeName: String { get }
    /// The words that are allowed, for enumerations; empty otherwise.
    static var words: [String] { get }
    /// JSON Schema's name or names of the type.
    static var schemaTypes: [String] { get }
    /// Whether null stands for a value of its own.
    static var acceptsNull: Bool { get }
    /// The value written in `node`, or nil when it has another type.
    static func read(_ node: ConfigurationNodeView) -> Self?
    /// The value as plain data, as it would be written back.
    var configurationValue: ConfigurationValue { get }
}

extension ParameterValue {
    package static var words: [String] { [] }
    package static var acceptsNull: Bool { false }
}

/// What a type sees of a written value: its plain data and, for scalars, its source text.
package struct ConfigurationNodeView: Sendable {
    let node: ConfigurationNode

    var value: ConfigurationValue { node.value }
    var text: String? { node.text }

    var items: [ConfigurationNodeView]? {
        guard case .list(let items) = node.content else { return nil }
        return items.map(ConfigurationNodeView.init)
    }
}

extension Bool: ParameterValue {
    package static var typeName: String { "bool" }
    package static var schemaTypes: [String] { ["boolean"] }

    package static func read(_ node: ConfigurationNodeView) -> Bool? {
        switch node.value {
        case .bool(let value): return value
        case .integer(1): return true
        case .integer(0): return false
        case .string(let text):
            switch text.lowercased() {
            case "true", "yes", "on", "y", "t", "1": return true
            case "false", "no", "off", "n", "f", "0": return false
            default: return nil
            }
        default: return nil
        }
    }

    package var configurationValue: ConfigurationValue { .bool(self) }
}

extension Int: ParameterValue {
    package static var typeName: String { "int" }
    package static var schemaTypes: [String] { ["integer"] }

    package static func read(_ node: ConfigurationNodeView) -> Int? {
        switch node.value {
        case .integer(let value): return Int(value)
        case .number(let value): return Int(exactly: value)
        case .string(let text):
            guard text.utf8.count <= 40 else { return nil }
            return Int(text)
        default: return nil
        }
    }

    package var configurationValue: ConfigurationValue { .integer(Int64(self)) }
}

extension Double: ParameterValue {
    package static var typeName: String { "float" }
    package static var schemaTypes: [String] { ["number"] }

    package static func read(_ node: ConfigurationNodeView) -> Double? {
        switch node.value {
        case .integer(let value): return Double(value)
        case .number(let value): return value.isNaN ? nil : value
        case .string(let text):
            guard case .number(let value) = PlainScalar.value(of: text), !value.isNaN else {
                return Int.read(node).map(Double.init)
            }
            return value
        default: return nil
        }
    }

    package var configurationValue: ConfigurationValue { .number(self) }
}

extension String: ParameterValue {
    package static var typeName: String { "str" }
    package static var schemaTypes: [String] { ["string"] }

    /// Numbers are taken as the text they were written as; a bare `yes` is refused, for it reads as a boolean.
    package static func read(_ node: ConfigurationNodeView) -> String? {
        switch node.value {
        case .string(let text): text
        case .integer, .number: node.text
        default: nil
        }
    }

    package var configurationValue: ConfigurationValue { .string(self) }
}

extension Optional: ParameterValue where Wrapped: ParameterValue {
    package static var typeName: String { Wrapped.typeName + " or null" }
    package static var words: [String] { Wrapped.words }
    package static var schemaTypes: [String] { Wrapped.schemaTypes + ["null"] }
    package static var acceptsNull: Bool { true }

    package static func read(_ node: ConfigurationNodeView) -> Wrapped?? {
        if case .null = node.value { return .some(nil) }
        if Wrapped.self == [String].self, case .string(let text) = node.value, text.isBlank { return .some(nil) }
        return Wrapped.read(node).map(Optional.some)
    }

    package var configurationValue: ConfigurationValue { self?.configurationValue ?? .null }
}

/// Lists are written as YAML lists or as text with commas.
extension Array: ParameterValue where Element: ParameterValue {
    package static var typeName: String { "list of \(Element.typeName)" }
    package static var words: [String] { Element.words }
    package static var schemaTypes: [String] { ["array", "string"] }

    package static func read(_ node: ConfigurationNodeView) -> [Element]? {
        if let items = node.items {
            var read: [Element] = []
            for item in items {
                guard let element = Element.read(item) else { return nil }
                read.append(element)
            }
            return read
        }
        // A bare number is one item of a list of names, but not of a list of numbers: there the reference wants
        // a text with commas.
        if Element.self == Double.self, case .string = node.value {} else if Element.self == Double.self { return nil }
        guard let text = String.read(node), !text.isBlank else { return nil }
        var read: [Element] = []
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let piece = piece.trimmed
            let node = ConfigurationNode(
                content: .scalar(.string(piece)), text: piece, place: node.node.place)
            guard let element = Element.read(ConfigurationNodeView(node: node)) else { return nil }
            read.append(element)
        }
        return read
    }

    package var configurationValue: ConfigurationValue { .list(map(\.configurationValue)) }
}

/// Free mappings are written as YAML mappings or as a JSON text.
extension ConfigurationMapping: ParameterValue {
    package static var typeName: String { "mapping" }
    package static var schemaTypes: [String] { ["object", "string"] }

    package static func read(_ node: ConfigurationNodeView) -> ConfigurationMapping? {
        switch node.value {
        case .mapping(let entries): return ConfigurationMapping(entries)
        case .string(let text):
            guard let root = try? YAMLDocument.parse(text, source: node.node.place.source),
                case .mapping(let entries) = root.value
            else { return nil }
            return ConfigurationMapping(entries)
        default: return nil
        }
    }

    package var configurationValue: ConfigurationValue { .mapping(entries) }
}

/// Enumerations are written as one of their words; a bare `no` counts as the word although YAML reads it as false.
extension ParameterValue where Self: RawRepresentable<String> & CaseIterable {
    package static var typeName: String { "str" }
    package static var schemaTypes: [String] { ["string"] }
    package static var words: [String] { allCases.map(\.rawValue) }

    package static func read(_ node: ConfigurationNodeView) -> Self? {
        switch node.value {
        case .string, .bool, .integer, .number: node.text.flatMap { Self(rawValue: $0) }
        default: nil
        }
    }

    package var configurationValue: ConfigurationValue { .string(rawValue) }
}

extension StringProtocol {
    var isBlank: Bool { allSatisfy(\.isWhitespace) }

    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
