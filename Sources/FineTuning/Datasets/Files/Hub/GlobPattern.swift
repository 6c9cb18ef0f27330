/// A pattern of paths as `datasets` gives them to fsspec: `*`, `?` and `[...]` within a component, and `**` for any
/// number of components.
struct GlobPattern {
    private let components: [Component]
    /// Names that begin with a dot or two underscores match only where as many components of the pattern do.
    private let hidden: Int
    private let special: Int

    private enum Component {
        case anyNumber
        case name([Piece])
    }

    private enum Piece {
        case anything
        case one(Set<Unicode.Scalar>, isNegated: Bool)
        case any
    }

    init(_ pattern: String) {
        var parts = pattern.split(separator: "/").map(String.init).filter { $0 != "." }
        // At the end it stands for what is in a folder, not for the folder.
        if parts.last == "**" { parts.append("*") }
        components = parts.map { $0 == "**" ? .anyNumber : .name(Self.pieces(of: $0)) }
        (hidden, special) = (Self.hidden(parts), Self.special(parts))
    }

    /// Whether the pattern is one file's path.
    static func isPlain(_ pattern: String) -> Bool { !pattern.contains { "*?[]".contains($0) } }

    /// - Parameter path: relative to where the pattern begins
    func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard Self.hidden(parts) == hidden, Self.special(parts) == special else { return false }
        return Self.matches(parts, components, isStar: { if case .anyNumber = $0 { true } else { false } }) {
            if case .name(let pieces) = $1 { Self.matches($0, pieces) } else { false }
        }
    }

    private static func hidden(_ parts: [String]) -> Int { parts.count { $0.hasPrefix(".") && $0 != ".." } }
    private static func special(_ parts: [String]) -> Int { parts.dropLast().count { $0.hasPrefix("__") } }

    private static func matches(_ name: String, _ pieces: [Piece]) -> Bool {
        matches(Array(name.unicodeScalars), pieces, isStar: { if case .anything = $0 { true } else { false } }) {
            switch $1 {
            case .one(let set, let isNegated): set.contains($0) != isNegated
            case .any, .anything: true
            }
        }
    }

    /// Only the last star is gone back to, so the time is at most the product of both lengths.
    private static func matches<Element, Token>(
        _ elements: [Element], _ tokens: [Token], isStar: (Token) -> Bool, one: (Element, Token) -> Bool
    ) -> Bool {
        var (element, token) = (0, 0)
        var star: (element: Int, token: Int)?
        while element < elements.count {
            if token < tokens.count, isStar(tokens[token]) {
                star = (element, token)
                token += 1
            } else if token < tokens.count, one(elements[element], tokens[token]) {
                element += 1
                token += 1
            } else if let last = star {
                star = (last.element + 1, last.token)
                (element, token) = (last.element + 1, last.token + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy(isStar)
    }

    private static func pieces(of text: String) -> [Piece] {
        let scalars = Array(text.unicodeScalars)
        var pieces: [Piece] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "*": pieces.append(.anything)
            case "?": pieces.append(.any)
            case "[":
                // A closing bracket that comes first is an element.
                guard let end = scalars.indices.dropFirst(index + 1).first(where: { scalars[$0] == "]" }) else {
                    pieces.append(.one(["["], isNegated: false))
                    continue
                }
                pieces.append(set(Array(scalars[index..<end])))
                index = end + 1
            default: pieces.append(.one([scalar], isNegated: false))
            }
        }
        return pieces
    }

    private static func set(_ text: [Unicode.Scalar]) -> Piece {
        let isNegated = text.first == "!" || text.first == "^"
        let text = Array(text.dropFirst(isNegated ? 1 : 0))
        var set: Set<Unicode.Scalar> = []
        var index = 0
        while index < text.count {
            // Ranges of ASCII; others have no place in file names.
            if index + 2 < text.count, text[index + 1] == "-", text[index].isASCII, text[index + 2].isASCII {
                for value in stride(from: text[index].value, through: text[index + 2].value, by: 1) {
                    if let scalar = Unicode.Scalar(value) { set.insert(scalar) }
                }
                index += 3
            } else {
                set.insert(text[index])
                index += 1
            }
        }
        return .one(set, isNegated: isNegated)
    }
}
