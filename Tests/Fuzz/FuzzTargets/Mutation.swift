/// Changes of bytes that parsers are known to stumble over.
enum Mutation {
    private static let edges: [String] = [
        "0", "-1", "1e999", "9223372036854775807", "9223372036854775808", "18446744073709551616",
        "-9223372036854775808", "NaN",
        "null", "true", "{}", "[]", "\"\"", "\\u0000", "\\ud800", "\u{FEFF}", "\u{2028}", "%s", "../", "\r\n", "\t",
    ]

    /// `input` with one to eight changes; never longer than about four times what it was and 64 KiB.
    static func mutate(_ input: [UInt8], other: [UInt8], tokens: [String], _ random: inout Randomness) -> [UInt8] {
        var bytes = input
        let limit = max(64, min(4 * input.count, 65536))
        for _ in 0...random.below(8) {
            change(&bytes, other, tokens, &random)
            if bytes.count > limit { bytes.removeSubrange(limit...) }
        }
        return bytes
    }

    private static func change(
        _ bytes: inout [UInt8], _ other: [UInt8], _ tokens: [String], _ random: inout Randomness
    ) {
        let place = random.below(bytes.count + 1)
        switch random.below(10) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 3 where place < bytes.count:
            bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
        case 4 where place < bytes.count: bytes.removeSubrange(place...)
        case 5:
            let end = min(bytes.count, place + 1 + random.below(32))
            let piece = Array(bytes[place..<end])
            for _ in 0...random.below(4) { bytes.insert(contentsOf: piece, at: place) }
        case 6:
            let start = random.below(other.count)
            let end = min(other.count, start + 1 + random.below(64))
            bytes.insert(contentsOf: other[start..<end], at: place)
        case 7, 8:
            if let token = random.element(tokens) { bytes.insert(contentsOf: Array(token.utf8), at: place) }
        default:
            if let token = random.element(edges) { replaceWord(&bytes, at: place, with: Array(token.utf8)) }
        }
    }

    /// Replaces the number or word at a place.
    private static func replaceWord(_ bytes: inout [UInt8], at place: Int, with text: [UInt8]) {
        func isWord(_ byte: UInt8) -> Bool { byte >= 0x80 || (byte | 0x20) >= 0x61 || (0x2B...0x39).contains(byte) }
        var start = place
        var end = place
        while start > 0, isWord(bytes[start - 1]) { start -= 1 }
        while end < bytes.count, isWord(bytes[end]) { end += 1 }
        bytes.replaceSubrange(start..<end, with: text)
    }
}
