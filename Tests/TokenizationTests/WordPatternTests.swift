import JSONDocuments
import Testing
import Tokenization

/// The patterns matched by hand must cut exactly where the regular-expression engine does.
struct WordPatternTests {
    static let tail = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
    static let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
    static let patterns = [
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        contraction + "\\p{N}" + tail,
        contraction + "\\p{N}{1,3}" + tail,
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    ]

    private func split(_ pattern: String) throws -> PreTokenizer {
        let description: JSONValue = [
            "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
        ]
        return try #require(try TokenizerFixtures.tokenizer("pre_tokenizer", description).preTokenizer)
    }

    @Test(arguments: patterns)
    func handAndEngineAgree(pattern: String) throws {
        let byHand = try split(pattern)
        // Another spelling of the same pattern, which is not recognized.
        let byEngine = try split("(?:\(pattern))")
        let alphabet = [
            " ", "  ", "\n", "\r", "\r\n", "\t", "\u{A0}", "\u{3000}", "\u{2028}", "\u{85}", "\u{180E}", "\u{200B}",
            "'", "'",
            "s", "S", "t", "re", "VE", "m", "LL", "l", "d", "\u{17F}", "\u{212A}", "a", "Z", "\u{E9}", "\u{301}",
            "\u{65E5}",
            "\u{AC00}", "\u{1F600}", "\u{20000}", "1", "23", "\u{663}", "\u{BD}", "\u{2160}", "!", "_", "-", ".",
            "\u{2019}",
        ]
        var state: UInt64 = 42
        for _ in 0..<1500 {
            var text = ""
            for _ in 0..<(state >> 33 & 15) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += alphabet[Int(state >> 33) % alphabet.count]
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let hand = try byHand.pieces(of: text)
            let engine = try byEngine.pieces(of: text)
            #expect(hand.map { Array($0.utf8) } == engine.map { Array($0.utf8) }, "\(text.debugDescription)")
        }
    }
}
