/// A value as Python's `json` module reads and writes it.
///
/// Tool descriptions, calls and chat templates are written by Python programs; their exact text depends on Python's
/// rules for numbers, repeated keys and separators.
package indirect enum PythonValue: Hashable, Sendable {
    case none
    case bool(Bool)
    case integer(Int64)
    /// An integer beyond 64 bits, in decimal digits.
    case bigInteger(String)
    case float(Double)
    case string(PythonText)
    case list([PythonValue])
    case dictionary(PythonDictionary)
}

extension PythonValue {
    package static func text(_ text: String) -> PythonValue { .string(PythonText(text)) }

    package var string: String? { if case .string(let text) = self { text.value } else { nil } }
    package var list: [PythonValue]? { if case .list(let values) = self { values } else { nil } }
    package var dictionary: PythonDictionary? { if case .dictionary(let value) = self { value } else { nil } }

    /// Whether Python takes the value for true.
    package var isTruthy: Bool {
        switch self {
        case .none: false
        case .bool(let flag): flag
        case .integer(let value): value != 0
        case .bigInteger: true
        case .float(let value): value != 0
        case .string(let text): !text.value.isEmpty
        case .list(let values): !values.isEmpty
        case .dictionary(let dictionary): !dictionary.isEmpty
        }
    }

    /// The kind in words, for messages.
    package var kindName: String {
        switch self {
        case .none: "null"
        case .bool: "a boolean"
        case .integer, .bigInteger, .float: "a number"
        case .string: "a text"
        case .list: "a list"
        case .dictionary: "an object"
        }
    }
}

/// A text that equals another only code point by code point; a Swift string also equals its other normal forms.
package struct PythonText: Hashable, Sendable, Comparable {
    package let value: String

    package init(_ value: String) { self.value = value }

    package static func == (left: PythonText, right: PythonText) -> Bool {
        left.value.utf8.elementsEqual(right.value.utf8)
    }

    package static func < (left: PythonText, right: PythonText) -> Bool {
        left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for unit in value.utf8 { hasher.combine(unit) }
    }
}

/// A dictionary with text keys in the order of their first setting.
package struct PythonDictionary: Hashable, Sendable {
    package private(set) var keys: [String] = []
    private var values: [PythonText: PythonValue] = [:]

    package init() {}

    package init(_ members: [(String, PythonValue)]) {
        for (key, value) in members { self[key] = value }
    }

    package var isEmpty: Bool { keys.isEmpty }
    package var count: Int { keys.count }
    package var members: [(key: String, value: PythonValue)] { keys.map { ($0, self[$0] ?? .none) } }

    /// Setting a known key keeps its place.
    package subscript(key: String) -> PythonValue? {
        get { values[PythonText(key)] }
        set {
            let text = PythonText(key)
            if let newValue {
                if values.updateValue(newValue, forKey: text) == nil { keys.append(key) }
            } else if values.removeValue(forKey: text) != nil {
                keys.removeAll { PythonText($0) == text }
            }
        }
    }
}
