/// The steps that turn tokens back into text.
package struct TokenDecoder: Sendable {
    let steps: [DecodingStep]

    /// What the reference does without a decoder: a blank between tokens.
    static let joiningWithBlanks = TokenDecoder(steps: [.joinWithBlanks])

    init(steps: [DecodingStep]) { self.steps = steps }

    init(_ node: TokenizerNode) throws { steps = try Self.steps(node) }

    private static func steps(_ node: TokenizerNode) throws -> [DecodingStep] {
        try node.requireObject()
        let type = try node.string("type")
        switch type {
        case "Sequence": return try node.elements("decoders").flatMap { try steps($0) }
        case "ByteLevel": return [.byteLevel]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Replace":
            return [.replace(try TextPattern(try node.member("pattern")), Array(try node.string("content").utf8))]
        case "Strip":
            return [
                .strip(
                    try node.character("content"), start: try node.count("start"), stop: try node.count("stop"))
            ]
        case "Metaspace":
            let metaspace = try Metaspace(node)
            return [.metaspace(metaspace.replacement, dropsFirst: metaspace.prefixRule != .never)]
        case "WordPiece":
            return [.wordPiece(prefix: Array(try node.string("prefix").utf8), cleansUp: try node.bool("cleanup"))]
        case "BPEDecoder": return [.endOfWord(suffix: Array(try node.string("suffix").utf8))]
        default:
            throw TokenizerError.unsupported(
                kind: "decoder", name: type,
                hint: "ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, WordPiece, BPEDecoder and Sequence are"
            )
        }
    }

    /// The text of the tokens.
    package func decode(_ tokens: [String]) throws -> String {
        var stream = DecodingStream(self)
        var output: [UInt8] = []
        for token in tokens { try stream.push(Array(token.utf8), to: &output) }
        try stream.finish(to: &output)
        return output.text
    }
}

/// One step; what it remembers between tokens is in `DecodingStage`.
enum DecodingStep: Sendable {
    case byteLevel
    case byteFallback
    case fuse
    case replace(TextPattern, [UInt8])
    case strip(UInt32, start: Int, stop: Int)
    case metaspace(UInt32, dropsFirst: Bool)
    case wordPiece(prefix: [UInt8], cleansUp: Bool)
    case endOfWord(suffix: [UInt8])
    case joinWithBlanks
}

/// Decodes tokens one by one. Decoding a whole list is this and nothing else, so a stream cannot differ from it.
struct DecodingStream: Sendable {
    private var stages: [DecodingStage]

    init(_ decoder: TokenDecoder) { stages = decoder.steps.map(DecodingStage.init) }

    /// Appends the text that is certain after one more token; whole characters only.
    mutating func push(_ token: [UInt8], to output: inout [UInt8]) throws {
        try pass([.init(bytes: token, endsToken: true)], from: 0, to: &output)
    }

    /// Appends what was held back.
    mutating func finish(to output: inout [UInt8]) throws {
        for index in stages.indices {
            var parts: [TokenPart] = []
            try stages[index].finish(to: &parts)
            try pass(parts, from: index + 1, to: &output)
        }
    }

    private mutating func pass(_ parts: [TokenPart], from first: Int, to output: inout [UInt8]) throws {
        var parts = parts
        for index in first..<max(first, stages.count) {
            if parts.isEmpty { return }
            var next: [TokenPart] = []
            for part in parts { try stages[index].push(part, to: &next) }
            parts = next
        }
        for part in parts { output.append(contentsOf: part.bytes) }
    }
}

/// A token or, behind a step that joins tokens, a part of one.
struct TokenPart {
    var bytes: [UInt8]
    var endsToken: Bool
}

/// A step with what it remembers.
struct DecodingStage: Sendable {
    private let step: DecodingStep
    /// The current token so far, for steps that need all of it.
    private var token: [UInt8] = []
    /// Bytes whose meaning depends on what follows.
    private var held: [UInt8] = []
    private var isFirst = true
    private var strippedAtStart = 0
    private var startIsOver = false
    private var previousToken: [UInt8]?

    init(_ step: DecodingStep) { self.step = step }

    mutating func push(_ part: TokenPart, to output: inout [TokenPart]) throws {
        switch step {
        case .fuse: output.append(TokenPart(bytes: part.bytes, endsToken: false))
        case .metaspace(let sign, let dropsFirst):
            output.append(
                TokenPart(bytes: withoutSign(part.bytes, sign, drops: isFirst && dropsFirst), endsToken: part.endsToken)
            )
            if part.endsToken { isFirst = false }
        case .joinWithBlanks:
            if !isFirst { output.append(TokenPart(bytes: [UInt8(ascii: " ")], endsToken: false)) }
            output.append(part)
            isFirst = false
        case .strip(let content, let start, let stop): strip(part, content, start, stop, to: &output)
        case .replace(.bytes(let sought), let content) where sought.count == 1 || isOneScalar(sought):
            let replaced = try TextPattern.bytes(sought).replacing(in: part.bytes, with: content)
            output.append(TokenPart(bytes: replaced ?? part.bytes, endsToken: part.endsToken))
        default:
            if part.endsToken, token.isEmpty {
                try push(wholeToken: part.bytes, to: &output)
            } else {
                token.append(contentsOf: part.bytes)
                guard part.endsToken else { return }
                let whole = token
                token = []
                try push(wholeToken: whole, to: &output)
            }
        }
    }

    private mutating func push(wholeToken token: [UInt8], to output: inout [TokenPart]) throws {
        switch step {
        case .byteLevel:
            ByteAlphabet.appendDecoded(token, to: &held)
            let text = UTF8Repair.takeCertain(from: &held, isFinal: false)
            if !text.isEmpty { output.append(TokenPart(bytes: text, endsToken: false)) }
        case .byteFallback:
            if let byte = Self.fallbackByte(token) {
                held.append(byte)
            } else {
                flushFallbackBytes(to: &output)
                output.append(TokenPart(bytes: token, endsToken: true))
            }
        case .replace(let pattern, let content):
            output.append(
                TokenPart(bytes: try pattern.replacing(in: token, with: content) ?? token, endsToken: true))
        case .wordPiece(let prefix, let cleansUp):
            var text = token
            if !isFirst {
                text = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [UInt8(ascii: " ")] + token
            }
            isFirst = false
            output.append(TokenPart(bytes: cleansUp ? WordPieceCleanup.apply(to: text) : text, endsToken: true))
        case .endOfWord(let suffix):
            if let previous = previousToken {
                let replaced = try TextPattern.bytes(suffix).replacing(in: previous, with: [UInt8(ascii: " ")])
                output.append(TokenPart(bytes: replaced ?? previous, endsToken: true))
            }
            previousToken = token
        default: output.append(TokenPart(bytes: token, endsToken: true))
        }
    }

    mutating func finish(to output: inout [TokenPart]) throws {
        switch step {
        case .fuse: output.append(TokenPart(bytes: [], endsToken: true))
        case .byteLevel:
            output.append(TokenPart(bytes: UTF8Repair.takeCertain(from: &held, isFinal: true), endsToken: true))
        case .byteFallback: flushFallbackBytes(to: &output)
        case .endOfWord(let suffix):
            if let last = previousToken {
                let replaced = try TextPattern.bytes(suffix).replacing(in: last, with: [])
                output.append(TokenPart(bytes: replaced ?? last, endsToken: true))
            }
            previousToken = nil
        default: break
        }
    }

    // MARK: Byte fallback

    /// The byte of a token like `<0x0A>`.
    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    /// A run of bytes is text as a whole or one replacement character for each byte.
    private mutating func flushFallbackBytes(to output: inout [TokenPart]) {
        if held.isEmpty { return }
        if String(validating: held, as: UTF8.self) != nil {
            output.append(TokenPart(bytes: held, endsToken: true))
        } else {
            for _ in held { output.append(TokenPart(bytes: UTF8Repair.replacement, endsToken: true)) }
        }
        held = []
    }

    // MARK: Characters

    private func isOneScalar(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && scalar(in: bytes, at: 0, before: bytes.count).length == bytes.count
    }

    private func withoutSign(_ bytes: [UInt8], _ sign: UInt32, drops: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let (code, length) = scalar(in: bytes, at: index, before: bytes.count)
            if code != sign {
                output.append(contentsOf: bytes[index..<(index + length)])
            } else if !drops {
                output.append(UInt8(ascii: " "))
            }
            index += length
        }
        return output
    }

    /// Drops up to `start` leading and `stop` trailing characters of a token if they are `content`.
    private mutating func strip(
        _ part: TokenPart, _ content: UInt32, _ start: Int, _ stop: Int, to output: inout [TokenPart]
    ) {
        var index = 0
        while !startIsOver, index < part.bytes.count {
            let (code, length) = scalar(in: part.bytes, at: index, before: part.bytes.count)
            if strippedAtStart < start, code == content {
                strippedAtStart += 1
                index += length
            } else {
                startIsOver = true
            }
        }
        held.append(contentsOf: part.bytes[index...])
        var end = held.count
        var trailing = 0
        while trailing < stop, end > 0 {
            let (code, length) = scalar(in: held, endingAt: end, notBefore: 0)
            guard code == content else { break }
            end -= length
            trailing += 1
        }
        output.append(TokenPart(bytes: Array(held[..<end]), endsToken: part.endsToken))
        held = part.endsToken ? [] : Array(held[end...])
        if part.endsToken {
            strippedAtStart = 0
            startIsOver = false
        }
    }
}

/// What BERT's decoder does about blanks before signs.
private enum WordPieceCleanup {
    private static let replacements: [(String, String)] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]

    static func apply(to bytes: [UInt8]) -> [UInt8] {
        var text = bytes
        for (sought, content) in replacements {
            text = (try? TextPattern.bytes(Array(sought.utf8)).replacing(in: text, with: Array(content.utf8))) ?? text
        }
        return text
    }
}

/// Replaces bytes that are no UTF-8, one replacement character for each maximal part of a sequence (Unicode 3.9).
enum UTF8Repair {
    static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Takes the text off the front of `bytes`; an unfinished character stays unless the text ends here.
    static func takeCertain(from bytes: inout [UInt8], isFinal: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                output.append(bytes[index])
                index += 1
                continue
            }
            let needed = length(first: bytes[index])
            var have = 1
            while have < needed, index + have < bytes.count,
                fits(bytes[index + have], first: bytes[index], position: have)
            { have += 1 }
            if needed > 0, have == needed {
                output.append(contentsOf: bytes[index..<(index + needed)])
            } else if needed > 0, index + have == bytes.count, !isFinal {
                break
            } else {
                output.append(contentsOf: replacement)
            }
            index += have
        }
        bytes.removeSubrange(..<index)
        return output
    }

    private static func length(first: UInt8) -> Int {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    private static func fits(_ byte: UInt8, first: UInt8, position: Int) -> Bool {
        guard position == 1 else { return byte & 0xC0 == 0x80 }
        switch first {
        case 0xE0: return (0xA0...0xBF).contains(byte)
        case 0xED: return (0x80...0x9F).contains(byte)
        case 0xF0: return (0x90...0xBF).contains(byte)
        case 0xF4: return (0x80...0x8F).contains(byte)
        default: return byte & 0xC0 == 0x80
        }
    }
}
