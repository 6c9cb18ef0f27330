/// How a text is cut before the model sees it: no token crosses a cut.
package indirect enum PreTokenizer: Sendable {
    case sequence([PreTokenizer])
    case byteLevel(addsPrefixSpace: Bool, splitsWords: Bool)
    case split(PatternSplit)
    case whitespace
    case whitespaceSplit
    case bert
    case digits(individually: Bool)
    case punctuation(SplitBehavior)
    case delimiter(UInt32)
    case metaspace(Metaspace)

    package struct PatternSplit: Sendable {
        let pattern: TextPattern
        let behavior: SplitBehavior
        /// Whether what the pattern does not match separates.
        let isInverted: Bool
    }

    init(_ node: TokenizerNode) throws {
        try node.requireObject()
        let type = try node.string("type")
        switch type {
        case "Sequence": self = .sequence(try node.elements("pretokenizers").map(PreTokenizer.init))
        case "ByteLevel":
            self = .byteLevel(
                addsPrefixSpace: try node.bool("add_prefix_space"),
                splitsWords: try node.bool("use_regex", default: true))
        case "Split":
            self = .split(
                PatternSplit(
                    pattern: try TextPattern(try node.member("pattern")), behavior: try SplitBehavior(node),
                    isInverted: try node.bool("invert")))
        case "Whitespace": self = .whitespace
        case "WhitespaceSplit": self = .whitespaceSplit
        case "BertPreTokenizer": self = .bert
        case "Digits": self = .digits(individually: try node.bool("individual_digits"))
        case "Punctuation":
            self = .punctuation(node.optional("behavior") == nil ? .isolated : try SplitBehavior(node))
        case "CharDelimiterSplit": self = .delimiter(try node.character("delimiter"))
        case "Metaspace": self = .metaspace(try Metaspace(node))
        default:
            throw TokenizerError.unsupported(
                kind: "pre-tokenizer", name: type,
                hint: "ByteLevel, Split, Whitespace, WhitespaceSplit, BertPreTokenizer, Digits, Punctuation, "
                    + "CharDelimiterSplit, Metaspace and Sequence are")
        }
    }

    /// Whether the last step writes bytes in the byte-level alphabet, so that the model may do it instead.
    var endsInByteLevel: Bool {
        switch self {
        case .byteLevel: true
        case .sequence(let steps): steps.last?.endsInByteLevel ?? false
        default: false
        }
    }

    /// - Parameter leavesBytes: whether the last byte-level step only splits and leaves the bytes as they are.
    func apply(to text: inout TextPieces, leavesBytes: Bool = false) throws {
        switch self {
        case .sequence(let steps):
            for (index, step) in steps.enumerated() {
                try step.apply(to: &text, leavesBytes: leavesBytes && index == steps.count - 1)
            }
        case .byteLevel(let addsPrefixSpace, let splitsWords):
            if addsPrefixSpace { Self.addPrefixSpaces(to: &text) }
            if splitsWords { Self.splitWords(&text, WordPattern.gpt2) }
            if !leavesBytes { text.rewriteEach { ByteAlphabet.appendEncoded($0[$1.range], to: &$2) } }
        case .split(let split): try split.apply(to: &text)
        case .whitespace: Self.splitWordsFromSigns(&text)
        case .whitespaceSplit: SplitBehavior.removed.split(&text, where: isWhiteSpace)
        case .bert:
            SplitBehavior.removed.split(&text, where: isWhiteSpace)
            SplitBehavior.isolated.split(&text, where: isPunctuation)
        case .digits(let individually):
            (individually ? SplitBehavior.isolated : .contiguous).split(&text, where: isNumeric)
        case .punctuation(let behavior): behavior.split(&text, where: isPunctuation)
        case .delimiter(let delimiter): SplitBehavior.removed.split(&text) { $0 == delimiter }
        case .metaspace(let metaspace): metaspace.apply(to: &text)
        }
    }

    /// The pieces of a whole text, as the model would see them.
    package func pieces(of text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        var pieces = TextPieces(bytes: bytes, pieces: [.init(start: 0, end: bytes.count, isAtOrigin: true)])
        try apply(to: &pieces)
        return pieces.pieces.filter { $0.end > $0.start }.map { Array(pieces.bytes[$0.range]).text }
    }

    private static func addPrefixSpaces(to text: inout TextPieces) {
        let isNeeded = text.pieces.contains {
            $0.token < 0 && $0.end > $0.start && text.bytes[$0.start] != UInt8(ascii: " ")
        }
        guard isNeeded else { return }
        text.rewriteEach { bytes, piece, output in
            if piece.end > piece.start, bytes[piece.start] != UInt8(ascii: " ") { output.append(UInt8(ascii: " ")) }
            output.append(contentsOf: bytes[piece.range])
        }
    }

    static func splitWords(_ text: inout TextPieces, _ words: WordPattern) {
        let classes = CharacterClassTable.shared
        text.splitEach { bytes, piece, result in
            var index = piece.start
            while index < piece.end {
                let end = words.endOfMatch(in: bytes, from: index, before: piece.end, classes)
                result.append(.init(start: index, end: end, isAtOrigin: piece.isAtOrigin && index == piece.start))
                index = end
            }
        }
    }

    /// Runs of word characters and runs of signs; blanks are dropped: `\w+|[^\w\s]+`.
    private static func splitWordsFromSigns(_ text: inout TextPieces) {
        enum Kind { case blank, word, sign }
        func kind(_ code: UInt32) -> Kind {
            if isWordCharacter(code) { return .word }
            return isWhiteSpace(code) ? .blank : .sign
        }
        text.splitEach { bytes, piece, result in
            var index = piece.start
            while index < piece.end {
                let start = index
                let (code, length) = scalar(in: bytes, at: index, before: piece.end)
                let first = kind(code)
                index += length
                while index < piece.end {
                    let (code, length) = scalar(in: bytes, at: index, before: piece.end)
                    guard kind(code) == first else { break }
                    index += length
                }
                if first != .blank {
                    result.append(
                        .init(start: start, end: index, isAtOrigin: piece.isAtOrigin && start == piece.start))
                }
            }
        }
    }
}

extension PreTokenizer.PatternSplit {
    func apply(to text: inout TextPieces) throws {
        if case .words(let words) = pattern, behavior == .isolated, !isInverted {
            PreTokenizer.splitWords(&text, words)
            return
        }
        try behavior.split(&text) { bytes, range, visit in
            var position = range.lowerBound
            try pattern.forEachMatch(in: bytes, range) { match in
                if match.lowerBound > position { visit(position..<match.lowerBound, isInverted) }
                visit(match, !isInverted)
                position = match.upperBound
            }
            if position < range.upperBound { visit(position..<range.upperBound, isInverted) }
        }
    }
}

extension TokenizerNode {
    /// A string of exactly one code point.
    func character(_ key: String) throws -> UInt32 {
        let text = try string(key)
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw try member(key).malformed(expected: "one character")
        }
        return scalar.value
    }
}
