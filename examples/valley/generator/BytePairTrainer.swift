/// Learns a byte-level BPE vocabulary (Sennrich, Haddow, Birch 2016) from words of ASCII text.
struct BytePairTrainer {
    private(set) var vocabulary: [String]
    private(set) var merges: [(String, String)] = []
    private var words: [(symbols: [String], count: Int)]

    /// - Parameter special: tokens that stand first in the vocabulary and never take part in a merge.
    init(special: [String], texts: [String]) {
        vocabulary = special + Self.byteAlphabet
        var counts: [String: Int] = [:]
        for text in texts { for word in Self.words(of: text) { counts[word, default: 0] += 1 } }
        words = counts.sorted { $0.key < $1.key }.map { word, count in (word.map(String.init), count) }
    }

    /// Merges the most frequent pair, the smallest one on a tie, until the vocabulary has `size` entries.
    mutating func train(vocabularySize size: Int) {
        while vocabulary.count < size {
            var counts: [[String]: Int] = [:]
            for (symbols, count) in words {
                for pair in zip(symbols, symbols.dropFirst()) { counts[[pair.0, pair.1], default: 0] += count }
            }
            let best = counts.min { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
            guard let pair = best?.key else { return }
            merges.append((pair[0], pair[1]))
            vocabulary.append(pair[0] + pair[1])
            for index in words.indices { words[index].symbols = Self.merge(pair, in: words[index].symbols) }
        }
    }

    private static func merge(_ pair: [String], in symbols: [String]) -> [String] {
        var result: [String] = []
        var position = 0
        while position < symbols.count {
            if position + 1 < symbols.count, symbols[position] == pair[0], symbols[position + 1] == pair[1] {
                result.append(pair[0] + pair[1])
                position += 2
            } else {
                result.append(symbols[position])
                position += 1
            }
        }
        return result
    }

    /// Letters with the space before them, or a single other character, as GPT-2's pattern cuts such text.
    private static func words(of text: String) -> [String] {
        var result: [String] = []
        var current = ""
        for character in text {
            if character.isLetter {
                current.append(character)
            } else {
                if !current.isEmpty { result.append(current) }
                current = character == " " ? "\u{0120}" : ""
                if character != " " { result.append(character == "\n" ? "\u{010A}" : String(character)) }
            }
        }
        return current.isEmpty ? result : result + [current]
    }

    /// GPT-2's printable stand-ins for the 256 bytes, in the order of their code points.
    private static let byteAlphabet: [String] = {
        let printable = Array(33...126) + Array(161...172) + Array(174...255)
        let moved = (0..<(256 - printable.count)).map { 256 + $0 }
        return (printable + moved).compactMap { Unicode.Scalar($0).map { String(Character($0)) } }
    }()
}
