/// What is done to a text before it is split, after added tokens were cut out of it.
package indirect enum Normalizer: Sendable {
    case sequence([Normalizer])
    case form(NormalizationFormName)
    case lowercase
    case strip(left: Bool, right: Bool)
    case stripAccents
    case prepend([UInt8])
    case replace(PatternReplacement)
    case byteLevel

    /// The forms by their names in tokenizer.json.
    package enum NormalizationFormName: String, Sendable { case NFC, NFD, NFKC, NFKD }

    package struct PatternReplacement: Sendable {
        let pattern: TextPattern
        let content: [UInt8]
    }

    init(_ node: TokenizerNode) throws {
        try node.requireObject()
        let type = try node.string("type")
        switch type {
        case "Sequence": self = .sequence(try node.elements("normalizers").map(Normalizer.init))
        case "NFC", "NFD", "NFKC", "NFKD":
            guard let form = NormalizationFormName(rawValue: type) else { throw node.malformed(expected: "a form") }
            self = .form(form)
        case "Lowercase": self = .lowercase
        case "Strip": self = .strip(left: try node.bool("strip_left"), right: try node.bool("strip_right"))
        case "StripAccents": self = .stripAccents
        case "Prepend": self = .prepend(Array(try node.string("prepend").utf8))
        case "Replace":
            self = .replace(
                PatternReplacement(
                    pattern: try TextPattern(try node.member("pattern")),
                    content: Array(try node.string("content").utf8)))
        case "ByteLevel": self = .byteLevel
        default:
            throw TokenizerError.unsupported(
                kind: "normalizer", name: type,
                hint: "NFC, NFD, NFKC, NFKD, Lowercase, "
                    + "Strip, StripAccents, Prepend, Replace, ByteLevel and Sequence are")
        }
    }

    /// Whether the text surely stays as it is, so that nothing need be copied.
    func surelyKeeps(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .sequence(let steps): steps.allSatisfy { $0.surelyKeeps(bytes) }
        case .form(let name): name.form.surelyHolds(for: bytes)
        default: false
        }
    }

    /// The changed text, and whether its start was removed, after which it no longer counts as a text's beginning.
    func apply(to bytes: [UInt8]) throws -> (bytes: [UInt8], removedStart: Bool) {
        switch self {
        case .sequence(let steps):
            var result = (bytes: bytes, removedStart: false)
            for step in steps {
                let next = try step.apply(to: result.bytes)
                result = (next.bytes, result.removedStart || next.removedStart)
            }
            return result
        case .form(let name): return (try name.form.apply(to: bytes), false)
        case .lowercase: return (Self.lowercased(bytes), false)
        case .strip(let left, let right): return Self.stripped(bytes, left: left, right: right)
        case .stripAccents: return (Self.filtered(bytes) { !isMark($0) }, false)
        case .prepend(let prefix): return (bytes.isEmpty ? bytes : prefix + bytes, false)
        case .replace(let replacement):
            let replaced = try replacement.pattern.replacing(in: bytes, with: replacement.content)
            return (replaced ?? bytes, false)
        case .byteLevel:
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count * 2)
            ByteAlphabet.appendEncoded(bytes[...], to: &output)
            return (output, false)
        }
    }

    /// The whole text normalized on its own.
    package func normalized(_ text: String) throws -> String { try apply(to: Array(text.utf8)).bytes.text }

    private static func lowercased(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                output.append(byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte)
                index += 1
                continue
            }
            let (code, length) = scalar(in: bytes, at: index, before: bytes.count)
            if let scalar = Unicode.Scalar(code) { output.append(contentsOf: scalar.properties.lowercaseMapping.utf8) }
            index += length
        }
        return output
    }

    private static func filtered(_ bytes: [UInt8], keeping keeps: (UInt32) -> Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let (code, length) = scalar(in: bytes, at: index, before: bytes.count)
            if keeps(code) { output.append(contentsOf: bytes[index..<(index + length)]) }
            index += length
        }
        return output
    }

    private static func stripped(_ bytes: [UInt8], left: Bool, right: Bool) -> (bytes: [UInt8], removedStart: Bool) {
        var start = 0
        var end = bytes.count
        while left, start < end {
            let (code, length) = scalar(in: bytes, at: start, before: end)
            guard isWhiteSpace(code) else { break }
            start += length
        }
        while right, end > start {
            let (code, length) = scalar(in: bytes, endingAt: end, notBefore: start)
            guard isWhiteSpace(code) else { break }
            end -= length
        }
        return (Array(bytes[start..<end]), start > 0)
    }
}

extension Normalizer.NormalizationFormName {
    var form: NormalizationForm {
        switch self {
        case .NFC: .composed
        case .NFD: .decomposed
        case .NFKC: .compatibilityComposed
        case .NFKD: .compatibilityDecomposed
        }
    }
}
