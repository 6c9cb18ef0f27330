/// Tells places in a text that no merge can ever cross, so that long texts without a pre-tokenizer fall into words.
///
/// A merge joins two symbols exactly where the last character of the left one meets the first of the right one. If no
/// merge of the model has such a pair of characters, its two sides can be encoded apart with the same result.
struct MergeBoundaries: Sendable {
    /// One bit per hashed pair of characters; a collision only means a cut less.
    private var bits = [UInt64](repeating: 0, count: 1 << 10)

    @inline(__always)
    private static func place(_ left: UInt32, _ right: UInt32) -> (word: Int, bit: UInt64) {
        let hash = ((UInt64(left) << 32 | UInt64(right)) &* 0x9E37_79B9_7F4A_7C15) >> 48
        return (Int(hash >> 6), 1 << (hash & 63))
    }

    mutating func insert(left: [UInt8], right: [UInt8]) {
        guard !left.isEmpty, !right.isEmpty else { return }
        let last = scalar(in: left, endingAt: left.count, notBefore: 0).code
        let first = scalar(in: right, at: 0, before: right.count).code
        let (word, bit) = Self.place(last, first)
        bits[word] |= bit
    }

    @inline(__always)
    func mayJoin(_ left: UInt32, _ right: UInt32) -> Bool {
        let (word, bit) = Self.place(left, right)
        return bits[word] & bit != 0
    }
}
