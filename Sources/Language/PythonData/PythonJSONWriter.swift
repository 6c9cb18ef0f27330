internal import JSONDocuments

/// How Python lays out a value as JSON.
package struct PythonJSONStyle: Hashable, Sendable {
    /// Blanks before each member's line; nil puts everything on one line.
    package var indent: String?
    package var itemSeparator: String
    package var keySeparator: String
    package var sortsKeys = false
    package var escapesNonASCII = false

    package init(indent: String? = nil, itemSeparator: String? = nil, keySeparator: String = ": ") {
        self.indent = indent
        self.itemSeparator = itemSeparator ?? (indent == nil ? ", " : ",")
        self.keySeparator = keySeparator
    }

    /// On one line, with a blank behind commas and colons.
    package static let oneLine = PythonJSONStyle()
}

extension PythonValue {
    /// The value as Python's `json.dumps` writes it.
    package func json(_ style: PythonJSONStyle = .oneLine) -> String {
        var writer = PythonJSONWriter(style: style)
        writer.write(self, depth: 0)
        return writer.text
    }
}

private struct PythonJSONWriter {
    let style: PythonJSONStyle
    var text = ""

    init(style: PythonJSONStyle) { self.style = style }

    mutating func write(_ value: PythonValue, depth: Int) {
        switch value {
        case .none: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let integer): text += String(integer)
        case .bigInteger(let digits): text += digits
        case .float(let number): text += Self.text(of: number)
        case .string(let string): write(string.value)
        case .list(let values):
            write(values, between: ("[", "]"), depth: depth) { writer, value in writer.write(value, depth: depth + 1) }
        case .dictionary(let dictionary):
            let members =
                style.sortsKeys
                ? dictionary.members.sorted { PythonText($0.key) < PythonText($1.key) } : dictionary.members
            write(members, between: ("{", "}"), depth: depth) { writer, member in
                writer.write(member.key)
                writer.text += writer.style.keySeparator
                writer.write(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func write<Element>(
        _ elements: [Element], between brackets: (String, String), depth: Int, _ body: (inout Self, Element) -> Void
    ) {
        text += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { text += style.itemSeparator }
            breakLine(depth: depth + 1)
            body(&self, element)
        }
        if !elements.isEmpty { breakLine(depth: depth) }
        text += brackets.1
    }

    private mutating func breakLine(depth: Int) {
        guard let indent = style.indent else { return }
        text += "\n" + String(repeating: indent, count: depth)
    }

    private mutating func write(_ string: String) {
        text += JSONValue.string(string).serialized(.compact, escapingNonASCII: style.escapesNonASCII)
    }

    private static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return number.jsonText
    }
}
