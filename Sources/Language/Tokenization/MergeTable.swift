/// The merges of a byte-pair model by the pair of ids they join; key and value share a cache line.
struct MergeTable: Sendable {
    struct Merge: Equatable {
        var rank: UInt32
        var result: Int32
    }

    private static let empty = UInt64.max

    /// Key, value, key, value ... by hash, at most half full.
    private var slots: [UInt64]
    private let mask: Int

    init(capacity: Int) {
        var count = 16
        while count < capacity * 2 { count *= 2 }
        slots = [UInt64](repeating: Self.empty, count: count * 2)
        mask = count - 1
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func slot(for key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    /// A pair given twice keeps the later rank, as in the reference.
    mutating func insert(_ left: Int32, _ right: Int32, rank: Int, result: Int32) {
        let key = Self.key(left, right)
        var slot = slot(for: key)
        while slots[slot * 2] != Self.empty, slots[slot * 2] != key { slot = (slot + 1) & mask }
        slots[slot * 2] = key
        slots[slot * 2 + 1] = UInt64(UInt32(truncatingIfNeeded: rank)) << 32 | UInt64(UInt32(bitPattern: result))
    }

    @inline(__always)
    subscript(left: Int32, right: Int32) -> Merge? {
        let key = Self.key(left, right)
        var slot = slot(for: key)
        while true {
            let found = slots[slot * 2]
            if found == key {
                let value = slots[slot * 2 + 1]
                return Merge(
                    rank: UInt32(truncatingIfNeeded: value >> 32),
                    result: Int32(bitPattern: UInt32(truncatingIfNeeded: value)))
            }
            if found == Self.empty { return nil }
            slot = (slot + 1) & mask
        }
    }
}
