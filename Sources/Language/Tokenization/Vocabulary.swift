import JSONDocuments

/// Tokens and their ids in three flat arrays: all bytes in one block, found by an open-addressing hash table.
///
/// A dictionary of 150,000 strings would take several times the memory and twice the time to build.
struct Vocabulary: Sendable {
    /// Ids above this are refused: the table from ids to tokens is dense.
    static let largestIdentifier = (1 << 24) - 1
    private static let absent: UInt32 = .max

    private var bytes: [UInt8] = []
    /// Entry i has the bytes `starts[i]..<starts[i + 1]`.
    private var starts: [UInt32] = [0]
    private var identifiers: [Int32] = []
    /// Entry numbers by hash, a power of two of them, at most half full.
    private var slots: [UInt32] = []
    /// Entry numbers by id.
    private var entries: [UInt32] = []

    var count: Int { identifiers.count }
    var hasEmptyToken: Bool { identifier(of: [UInt8]()) != nil }
    /// Whether two tokens share an id.
    private(set) var hasSharedIdentifiers = false
    var largest: Int32 { Int32(entries.count) - 1 }

    init() { slots = [UInt32](repeating: Self.absent, count: 16) }

    /// Reads an object of tokens and ids.
    init(_ node: TokenizerNode) throws {
        guard node.element.kind == .object else { throw node.malformed(expected: "an object of tokens and ids") }
        let count = node.element.count
        var slotCount = 16
        while slotCount < count * 2 { slotCount *= 2 }
        slots = [UInt32](repeating: Self.absent, count: slotCount)
        starts.reserveCapacity(count + 1)
        identifiers.reserveCapacity(count)
        entries.reserveCapacity(count)
        bytes.reserveCapacity(count * 8)
        try node.element.forEachMember(bytes: { key, value in
            guard value.kind == .integer, let number = value.integer else {
                throw TokenizerError.malformed(
                    file: "tokenizer.json", path: node.path + "." + Self.text(key), expected: "an integer",
                    found: value.kindName)
            }
            guard number >= 0, number <= Self.largestIdentifier else {
                throw TokenizerError.identifierOutOfRange(token: Self.text(key), identifier: number)
            }
            insert(key, Int32(number))
        })
    }

    static func identifier(_ number: Int64, of token: String) throws -> Int32 {
        guard (0...Int64(largestIdentifier)).contains(number) else {
            throw TokenizerError.identifierOutOfRange(token: token, identifier: number)
        }
        return Int32(number)
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy.text
    }

    private mutating func insert(_ key: Span<UInt8>, _ identifier: Int32) {
        let entry = UInt32(identifiers.count)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
        while slots[slot] != Self.absent { slot = (slot + 1) & mask }
        slots[slot] = entry
        for index in key.indices { bytes.append(key[index]) }
        starts.append(UInt32(truncatingIfNeeded: bytes.count))
        identifiers.append(identifier)
        while entries.count <= Int(identifier) { entries.append(Self.absent) }
        if entries[Int(identifier)] != Self.absent { hasSharedIdentifiers = true }
        entries[Int(identifier)] = entry
    }

    @inline(__always)
    static func hash(_ key: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in key.indices { hash = (hash ^ UInt64(key[index])) &* 0x0000_0100_0000_01B3 }
        return hash ^ hash >> 29
    }

    /// The id of a token; nil if there is none.
    func identifier(of key: Span<UInt8>) -> Int32? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
        while true {
            let entry = slots[slot]
            if entry == Self.absent { return nil }
            let start = Int(starts[Int(entry)])
            if Int(starts[Int(entry) + 1]) - start == key.count, equals(key, at: start) {
                return identifiers[Int(entry)]
            }
            slot = (slot + 1) & mask
        }
    }

    func identifier(of key: [UInt8]) -> Int32? { identifier(of: key.span) }
    func identifier(of text: String) -> Int32? { identifier(of: Array(text.utf8).span) }

    @inline(__always)
    private func equals(_ key: Span<UInt8>, at start: Int) -> Bool {
        for index in key.indices where bytes[start + index] != key[index] { return false }
        return true
    }

    /// The bytes of a token; nil if no token has the id.
    func token(_ identifier: Int32) -> [UInt8]? {
        guard identifier >= 0, identifier < entries.count else { return nil }
        let entry = entries[Int(identifier)]
        guard entry != Self.absent else { return nil }
        return Array(bytes[Int(starts[Int(entry)])..<Int(starts[Int(entry) + 1])])
    }
}
