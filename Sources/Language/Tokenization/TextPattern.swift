import JSONDocuments

/// What a component of tokenizer.json looks for: fixed bytes or a regular expression.
enum TextPattern: Sendable {
    case bytes([UInt8])
    case words(WordPattern)
    case expression(RegularExpression)

    /// Reads `{"String": ...}` or `{"Regex": ...}`.
    init(_ node: TokenizerNode) throws {
        if let text = node.element["String"]?.string {
            self = .bytes(Array(text.utf8))
        } else if let text = node.element["Regex"]?.string {
            self = try .init(expression: text)
        } else {
            throw node.malformed(expected: "an object with 'String' or 'Regex'")
        }
    }

    init(expression: String) throws {
        if let words = WordPattern(expression) {
            self = .words(words)
        } else {
            self = .expression(try RegularExpression(expression))
        }
    }

    /// Calls `visit` with each match in `range`, in order.
    func forEachMatch(in bytes: [UInt8], _ range: Range<Int>, _ visit: (Range<Int>) -> Void) throws {
        switch self {
        case .bytes(let sought):
            guard let first = sought.first else { return }
            var index = range.lowerBound
            while index < range.upperBound {
                if bytes[index] == first, bytes.matches(sought, at: index, before: range.upperBound) {
                    visit(index..<(index + sought.count))
                    index += sought.count
                } else {
                    index += 1
                }
            }
        case .words(let words):
            let classes = CharacterClassTable.shared
            var index = range.lowerBound
            while index < range.upperBound {
                let end = words.endOfMatch(in: bytes, from: index, before: range.upperBound, classes)
                visit(index..<end)
                index = end
            }
        case .expression(let expression): try expression.forEachMatch(in: bytes, range, visit)
        }
    }

    /// The text with every match replaced; nil if there is none.
    func replacing(in bytes: [UInt8], with content: [UInt8]) throws -> [UInt8]? {
        var result: [UInt8] = []
        var position = 0
        var found = false
        try forEachMatch(in: bytes, 0..<bytes.count) { match in
            if !found { result.reserveCapacity(bytes.count + content.count) }
            found = true
            result.append(contentsOf: bytes[position..<match.lowerBound])
            result.append(contentsOf: content)
            position = match.upperBound
        }
        guard found else { return nil }
        result.append(contentsOf: bytes[position...])
        return result
    }
}

/// A place in a tokenizer file that knows its path, for messages.
struct TokenizerNode {
    let element: JSONElement
    let path: String

    func malformed(expected: String) -> TokenizerError {
        .malformed(file: "tokenizer.json", path: path, expected: expected, found: element.kindName)
    }

    func member(_ key: String) throws -> TokenizerNode {
        guard let member = element[key] else {
            throw TokenizerError.malformed(
                file: "tokenizer.json", path: childPath(key), expected: "given", found: "missing")
        }
        return TokenizerNode(element: member, path: childPath(key))
    }

    /// Nil if the member is absent or null.
    func optional(_ key: String) -> TokenizerNode? {
        guard let member = element[key], !member.isNull else { return nil }
        return TokenizerNode(element: member, path: childPath(key))
    }

    func string(_ key: String) throws -> String {
        let member = try member(key)
        guard let text = member.element.string else { throw member.malformed(expected: "a string") }
        return text
    }

    func bool(_ key: String, default fallback: Bool? = nil) throws -> Bool {
        if let fallback, optional(key) == nil { return fallback }
        let member = try member(key)
        guard let flag = member.element.bool else { throw member.malformed(expected: "true or false") }
        return flag
    }

    func integer(_ key: String) throws -> Int64 {
        let member = try member(key)
        guard let integer = member.element.integer else { throw member.malformed(expected: "an integer") }
        return integer
    }

    /// A small count, such as characters to strip.
    func count(_ key: String) throws -> Int {
        let number = try integer(key)
        guard (0...1_000_000).contains(number) else { throw try member(key).malformed(expected: "a small count") }
        return Int(number)
    }

    func elements(_ key: String) throws -> [TokenizerNode] { try member(key).elements() }

    func elements() throws -> [TokenizerNode] {
        guard element.kind == .array else { throw malformed(expected: "an array") }
        return (0..<element.count).compactMap { index in
            element[index].map { TokenizerNode(element: $0, path: "\(path)[\(index)]") }
        }
    }

    func requireObject() throws {
        guard element.kind == .object else { throw malformed(expected: "an object") }
    }

    private func childPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

extension JSONElement {
    var kindName: String {
        switch kind {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
