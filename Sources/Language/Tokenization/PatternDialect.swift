/// Rewrites a pattern of the reference's regex engine (Oniguruma, Ruby syntax) for PCRE2.
///
/// Most of both languages is the same. Different, and handled here: what `\s`, `\w` and `\h` mean, `\uHHHH`, `{,n}`,
/// `(?m)`, and `{n,m}+`, which repeats in Ruby and is possessive in Perl. Set operations inside brackets are refused.
struct PatternDialect {
    static let space =
        "\\x{9}-\\x{D}\\x{20}\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"
    /// Alphabetic characters, marks, decimal digits and connectors.
    static let wordInBrackets =
        "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}\\x{1F150}-\\x{1F169}\\x{1F170}-\\x{1F189}"
    /// Outside brackets the superscripts and fractions of Latin-1 count as well.
    static let word = wordInBrackets + "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}"
    static let hexadecimal = "0-9A-Fa-f"

    static func translated(_ pattern: String) throws -> String {
        var dialect = PatternDialect(pattern)
        try dialect.translate()
        return String(String.UnicodeScalarView(dialect.output))
    }

    private let pattern: String
    private let input: [Unicode.Scalar]
    private var position = 0
    private var output: [Unicode.Scalar] = []
    /// Where the last thing that can be repeated starts in the output.
    private var atomStart = 0
    private var groupStarts: [Int] = []

    private init(_ pattern: String) {
        self.pattern = pattern
        input = Array(pattern.unicodeScalars)
    }

    private func refusal(_ reason: String) -> TokenizerError {
        .invalidPattern(pattern: pattern, reason: reason, offset: position)
    }

    private mutating func emit(_ text: String) { output.append(contentsOf: text.unicodeScalars) }

    private mutating func translate() throws {
        while position < input.count {
            let character = input[position]
            switch character {
            case "\\":
                atomStart = output.count
                try translateEscape(inClass: false)
            case "[":
                atomStart = output.count
                try translateClass()
            case "(":
                groupStarts.append(output.count)
                translateGroupOpening()
            case ")":
                atomStart = groupStarts.popLast() ?? output.count
                output.append(character)
                position += 1
            case "{": try translateBraces()
            case "*", "+", "?", "|", "^", "$":
                output.append(character)
                position += 1
            default:
                atomStart = output.count
                output.append(character)
                position += 1
            }
        }
    }

    private mutating func translateEscape(inClass: Bool) throws {
        guard position + 1 < input.count else { throw refusal("it ends in a backslash") }
        let next = input[position + 1]
        position += 2
        func set(_ members: String, negated: Bool) throws -> String {
            if inClass {
                guard !negated else { throw refusal("a negated escape inside brackets") }
                return members
            }
            return negated ? "[^\(members)]" : "[\(members)]"
        }
        switch next {
        case "s": emit(try set(Self.space, negated: false))
        case "w": emit(try set(inClass ? Self.wordInBrackets : Self.word, negated: false))
        case "h": emit(try set(Self.hexadecimal, negated: false))
        case "S": emit(inClass ? "\\S" : "[^\(Self.space)]")
        case "W": emit(try set(Self.word, negated: true))
        case "H": emit(try set(Self.hexadecimal, negated: true))
        case "b" where !inClass: emit("(?:(?<=[\(Self.word)])(?![\(Self.word)])|(?<![\(Self.word)])(?=[\(Self.word)]))")
        case "B" where !inClass: emit("(?:(?<=[\(Self.word)])(?=[\(Self.word)])|(?<![\(Self.word)])(?![\(Self.word)]))")
        case "p", "P":
            emit("\\\(next)")
            copyProperty()
        case "x":
            emit("\\x")
            copyBraced { $0 }
        case "u":
            let digits = input[position...].prefix(4)
            guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit) else {
                throw refusal("\\u needs four hexadecimal digits")
            }
            emit("\\x{\(String(String.UnicodeScalarView(digits)))}")
            position += 4
        case "C", "K", "y", "Y": throw refusal("the escape \\\(next) is not available")
        default: emit("\\\(next)")
        }
    }

    /// The `{L}` of `\p{L}`. A script means its own characters only, not those that it shares with others.
    private mutating func copyProperty() {
        copyBraced { name in
            let negation = name.hasPrefix("^") ? "^" : ""
            let property = name.dropFirst(negation.utf8.count)
            if let category = Self.categories[property.lowercased().filter { $0 != "_" && $0 != " " }] {
                return negation + category
            }
            return property.utf8.count <= 2 || property == "Any" ? name : "\(negation)sc:\(property)"
        }
    }

    private mutating func copyBraced(_ translate: (String) -> String) {
        guard position < input.count, input[position] == "{", let end = input[position...].firstIndex(of: "}") else {
            return
        }
        let name = String(String.UnicodeScalarView(input[(position + 1)..<end]))
        emit("{\(translate(name))}")
        position = end + 1
    }

    /// General categories by their long names.
    private static let categories = [
        "letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt",
        "modifierletter": "Lm",
        "otherletter": "Lo", "mark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me",
        "number": "N", "decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No", "punctuation": "P",
        "connectorpunctuation": "Pc", "dashpunctuation": "Pd", "openpunctuation": "Ps", "closepunctuation": "Pe",
        "initialpunctuation": "Pi", "finalpunctuation": "Pf", "otherpunctuation": "Po", "symbol": "S",
        "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk", "othersymbol": "So", "separator": "Z",
        "spaceseparator": "Zs", "lineseparator": "Zl", "paragraphseparator": "Zp", "other": "C", "control": "Cc",
        "format": "Cf", "surrogate": "Cs", "privateuse": "Co", "unassigned": "Cn",
    ]

    private mutating func translateClass() throws {
        output.append("[")
        position += 1
        if position < input.count, input[position] == "^" {
            output.append("^")
            position += 1
        }
        var isFirst = true
        while position < input.count {
            let character = input[position]
            if character == "]", !isFirst {
                output.append("]")
                position += 1
                return
            }
            isFirst = false
            switch character {
            case "\\": try translateEscape(inClass: true)
            case "[":
                guard position + 1 < input.count, input[position + 1] == ":" else {
                    throw refusal("brackets inside brackets")
                }
                try copyPOSIXClass()
            case "&" where position + 1 < input.count && input[position + 1] == "&":
                throw refusal("set intersection (&&) inside brackets")
            default:
                output.append(character)
                position += 1
            }
        }
        throw refusal("a bracket is not closed")
    }

    private mutating func copyPOSIXClass() throws {
        let rest = input[position...]
        guard let end = rest.indices.dropFirst(2).first(where: { rest[$0] == "]" && rest[$0 - 1] == ":" }) else {
            throw refusal("a bracket is not closed")
        }
        output.append(contentsOf: input[position...end])
        position = end + 1
    }

    /// `(?m)` lets the dot match line ends in Ruby; Perl calls that `s`.
    private mutating func translateGroupOpening() {
        output.append("(")
        position += 1
        guard position + 1 < input.count, input[position] == "?" else { return }
        var end = position + 1
        while end < input.count, "imx-".unicodeScalars.contains(input[end]) { end += 1 }
        guard end < input.count, end > position + 1, input[end] == ":" || input[end] == ")" else { return }
        output.append("?")
        for flag in input[(position + 1)..<end] { output.append(flag == "m" ? "s" : flag) }
        position = end
    }

    private mutating func translateBraces() throws {
        let rest = input[(position + 1)...]
        guard let end = rest.firstIndex(of: "}"), end > position + 1,
            rest[..<end].allSatisfy({ $0 == "," || ("0"..."9").contains($0) })
        else {
            atomStart = output.count
            emit("\\{")
            position += 1
            return
        }
        var bounds = String(String.UnicodeScalarView(input[(position + 1)..<end]))
        if bounds.hasPrefix(",") { bounds = "0" + bounds }
        emit("{\(bounds)}")
        position = end + 1
        if position < input.count, input[position] == "+" {
            output.insert(contentsOf: "(?:".unicodeScalars, at: atomStart)
            emit(")")
        }
    }
}
