/// The splitting patterns of widely used tokenizers, matched by hand; chosen by their exact text.
///
/// Each is an alternation that covers every character, so a text falls apart into matches without gaps. The
/// alternatives are tried in order at each position, as a backtracking engine would.
struct WordPattern: Sendable {
    /// What may stand before a run of letters.
    private enum Lead { case space, anythingButLineEnd }

    private let lead: Lead
    private let ignoresCaseOfContractions: Bool
    /// Digits that go together; all of them, with a space before them, where nil.
    private let digitsTogether: Int?
    /// Whether line ends join the signs before them and end a run of blanks.
    private let knowsLineEnds: Bool

    private static let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
    private static let tail = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

    /// GPT-2's pattern, which the byte-level pre-tokenizer uses by itself.
    static let gpt2Text = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
    static let qwen2Text = contraction + "\\p{N}" + tail
    static let llama3Text = contraction + "\\p{N}{1,3}" + tail
    /// The pattern of tiktoken's cl100k with the possessive marks it is published with.
    static let cl100kText =
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"
        + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

    static let gpt2 = WordPattern(
        lead: .space, ignoresCaseOfContractions: false, digitsTogether: nil, knowsLineEnds: false)

    init?(_ pattern: String) {
        switch pattern {
        case Self.gpt2Text: self = Self.gpt2
        case Self.qwen2Text: self.init(digitsTogether: 1)
        case Self.llama3Text, Self.cl100kText: self.init(digitsTogether: 3)
        default: return nil
        }
    }

    private init(digitsTogether: Int) {
        self.init(
            lead: .anythingButLineEnd, ignoresCaseOfContractions: true, digitsTogether: digitsTogether,
            knowsLineEnds: true)
    }

    private init(lead: Lead, ignoresCaseOfContractions: Bool, digitsTogether: Int?, knowsLineEnds: Bool) {
        self.lead = lead
        self.ignoresCaseOfContractions = ignoresCaseOfContractions
        self.digitsTogether = digitsTogether
        self.knowsLineEnds = knowsLineEnds
    }

    /// The end of the match that starts at `start`, which is below `end`.
    @inline(__always)
    func endOfMatch(in bytes: [UInt8], from start: Int, before end: Int, _ classes: CharacterClassTable) -> Int {
        let (first, firstLength) = scalar(in: bytes, at: start, before: end)
        if first == 0x27, let length = contractionLength(bytes, start, end) { return start + length }
        let kind = classes[first]
        let next = start + firstLength
        if kind == CharacterClass.letter.rawValue {
            return endOfRun(CharacterClass.letter.rawValue, bytes, next, end, classes)
        }
        if kind == CharacterClass.number.rawValue { return endOfDigits(bytes, next, end, classes) }
        let isLineEnd = first == 0x0A || first == 0x0D
        var following: UInt8?
        if next < end { following = classes[scalar(in: bytes, at: next, before: end).code] }
        if following == CharacterClass.letter.rawValue {
            if first == 0x20 || (lead == .anythingButLineEnd && !isLineEnd) {
                return endOfRun(CharacterClass.letter.rawValue, bytes, next, end, classes)
            }
        }
        if first == 0x20, digitsTogether == nil, following == CharacterClass.number.rawValue {
            return endOfDigits(bytes, next, end, classes)
        }
        if kind == CharacterClass.other.rawValue || (first == 0x20 && following == CharacterClass.other.rawValue) {
            return endOfSigns(bytes, next, end, classes)
        }
        return endOfBlanks(bytes, start, end, classes)
    }

    @inline(__always)
    private func endOfRun(
        _ kind: UInt8, _ bytes: [UInt8], _ start: Int, _ end: Int, _ classes: CharacterClassTable
    ) -> Int {
        var index = start
        while index < end {
            let (code, length) = scalar(in: bytes, at: index, before: end)
            guard classes[code] == kind else { break }
            index += length
        }
        return index
    }

    /// `start` is behind the first digit.
    private func endOfDigits(_ bytes: [UInt8], _ start: Int, _ end: Int, _ classes: CharacterClassTable) -> Int {
        guard let digitsTogether else {
            return endOfRun(CharacterClass.number.rawValue, bytes, start, end, classes)
        }
        var index = start
        var count = 1
        while count < digitsTogether, index < end {
            let (code, length) = scalar(in: bytes, at: index, before: end)
            guard classes[code] == CharacterClass.number.rawValue else { break }
            index += length
            count += 1
        }
        return index
    }

    private func endOfSigns(_ bytes: [UInt8], _ start: Int, _ end: Int, _ classes: CharacterClassTable) -> Int {
        var index = endOfRun(CharacterClass.other.rawValue, bytes, start, end, classes)
        if knowsLineEnds {
            while index < end, bytes[index] == 0x0A || bytes[index] == 0x0D { index += 1 }
        }
        return index
    }

    /// White space: up to its last line end, else all of it at the end of the text, else all but its last character.
    private func endOfBlanks(_ bytes: [UInt8], _ start: Int, _ end: Int, _ classes: CharacterClassTable) -> Int {
        var index = start
        var behindLastLineEnd = start
        var lastStart = start
        while index < end {
            let (code, length) = scalar(in: bytes, at: index, before: end)
            guard classes[code] == CharacterClass.space.rawValue else { break }
            lastStart = index
            index += length
            if code == 0x0A || code == 0x0D { behindLastLineEnd = index }
        }
        if knowsLineEnds, behindLastLineEnd > start { return behindLastLineEnd }
        return index == end || lastStart == start ? index : lastStart
    }

    private func contractionLength(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        guard start + 1 < end else { return nil }
        let first = lowercase(bytes[start + 1])
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
            guard start + 2 < end else { return nil }
            let expected = first == UInt8(ascii: "l") ? first : UInt8(ascii: "e")
            return lowercase(bytes[start + 2]) == expected ? 3 : nil
        // The long s (U+017F) is an s to a pattern that ignores case.
        case 0xC5: return ignoresCaseOfContractions && start + 2 < end && bytes[start + 2] == 0xBF ? 3 : nil
        default: return nil
        }
    }

    @inline(__always)
    private func lowercase(_ byte: UInt8) -> UInt8 {
        ignoresCaseOfContractions && byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
