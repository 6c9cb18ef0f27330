/// What the splitting patterns ask of a code point.
enum CharacterClass: UInt8 {
    case other = 0
    case letter = 1
    case number = 2
    case space = 3
}

/// The class of every code point in two stages: 256 code points share a block, equal blocks are stored once.
struct CharacterClassTable: Sendable {
    static let shared = CharacterClassTable()

    private let blockOfPage: [UInt16]
    private let blocks: [UInt8]

    private init() {
        var classes = [UInt8](repeating: CharacterClass.other.rawValue, count: 0x11_0000)
        Self.mark(LetterAndNumberRanges.letters, as: .letter, in: &classes)
        Self.mark(LetterAndNumberRanges.numbers, as: .number, in: &classes)
        for code in 0..<0x3001 where isWhiteSpace(UInt32(code)) { classes[code] = CharacterClass.space.rawValue }
        var positions: [[UInt8]: UInt16] = [:]
        var blockOfPage: [UInt16] = []
        var blocks: [UInt8] = []
        for page in stride(from: 0, to: classes.count, by: 256) {
            let block = Array(classes[page..<(page + 256)])
            if let known = positions[block] {
                blockOfPage.append(known)
            } else {
                let position = UInt16(blocks.count / 256)
                positions[block] = position
                blockOfPage.append(position)
                blocks.append(contentsOf: block)
            }
        }
        self.blockOfPage = blockOfPage
        self.blocks = blocks
    }

    private static func mark(_ ranges: [UInt32], as kind: CharacterClass, in classes: inout [UInt8]) {
        for pair in stride(from: 0, to: ranges.count - 1, by: 2) {
            for code in ranges[pair]...ranges[pair + 1] { classes[Int(code)] = kind.rawValue }
        }
    }

    @inline(__always)
    subscript(code: UInt32) -> UInt8 {
        code < 0x11_0000 ? blocks[Int(blockOfPage[Int(code >> 8)]) << 8 | Int(code & 0xFF)] : 0
    }
}

/// Unicode's White_Space property, which is what `\s` means here.
@inline(__always)
func isWhiteSpace(_ code: UInt32) -> Bool {
    if code < 0x80 { return code == 0x20 || (code >= 0x09 && code <= 0x0D) }
    switch code {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return true
    default: return false
    }
}

/// Unicode's definition of a word character: alphabetic, mark, decimal digit, connector or joiner.
func isWordCharacter(_ code: UInt32) -> Bool {
    if code < 0x80 {
        switch UInt8(code) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            return true
        default: return false
        }
    }
    guard let scalar = Unicode.Scalar(code) else { return false }
    if scalar.properties.isAlphabetic || code == 0x200C || code == 0x200D { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
}

/// Punctuation of any kind, and every ASCII sign that is no letter or digit.
func isPunctuation(_ code: UInt32) -> Bool {
    if code < 0x80 {
        switch code {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        default: return false
        }
    }
    switch Unicode.Scalar(code)?.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
        .finalPunctuation, .otherPunctuation:
        return true
    default: return false
    }
}

/// Decimal digits, letter-like numbers and other numbers.
func isNumeric(_ code: UInt32) -> Bool {
    switch Unicode.Scalar(code)?.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
}

/// Marks that combine with the character before them.
func isMark(_ code: UInt32) -> Bool {
    if code < 0x300 { return false }
    switch Unicode.Scalar(code)?.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
}
