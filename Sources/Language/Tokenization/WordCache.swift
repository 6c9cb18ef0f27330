/// Remembers the ids of words; forgets all of them when full, so its memory is bounded.
struct WordCache {
    static let longestWord = 64
    private static let capacity = 1 << 16
    private static let slotCount = capacity * 2

    private struct Entry {
        var hash: UInt64
        var keyStart: UInt32
        var keyCount: UInt16
        var idCount: UInt16
        var idStart: UInt32
    }

    private var slots: [UInt32] = []
    private var entries: [Entry] = []
    private var keys: [UInt8] = []
    private var identifiers: [Int32] = []

    @inline(__always)
    static func hash(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var index = start
        while index < end {
            hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3
            index += 1
        }
        return hash ^ hash >> 29
    }

    /// Appends the remembered ids of the word; false if it is unknown.
    @inline(__always)
    func append(
        _ bytes: [UInt8], _ start: Int, _ end: Int, hash: UInt64, to output: inout [Int32]
    ) -> Bool {
        guard !slots.isEmpty else { return false }
        var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
        while true {
            let number = slots[slot]
            if number == 0 { return false }
            let entry = entries[Int(number) - 1]
            if entry.hash == hash, Int(entry.keyCount) == end - start, equals(entry, bytes, start) {
                if entry.idCount == 1 {
                    output.append(identifiers[Int(entry.idStart)])
                } else {
                    output.append(
                        contentsOf: identifiers[Int(entry.idStart)..<(Int(entry.idStart) + Int(entry.idCount))])
                }
                return true
            }
            slot = (slot + 1) & (Self.slotCount - 1)
        }
    }

    @inline(__always)
    private func equals(_ entry: Entry, _ bytes: [UInt8], _ start: Int) -> Bool {
        let keyStart = Int(entry.keyStart)
        for offset in 0..<Int(entry.keyCount) where keys[keyStart + offset] != bytes[start + offset] { return false }
        return true
    }

    mutating func insert(_ bytes: [UInt8], _ start: Int, _ end: Int, hash: UInt64, _ ids: ArraySlice<Int32>) {
        guard end - start <= Self.longestWord else { return }
        if slots.isEmpty || entries.count == Self.capacity {
            slots = [UInt32](repeating: 0, count: Self.slotCount)
            entries.removeAll(keepingCapacity: true)
            keys.removeAll(keepingCapacity: true)
            identifiers.removeAll(keepingCapacity: true)
        }
        entries.append(
            Entry(
                hash: hash, keyStart: UInt32(keys.count), keyCount: UInt16(end - start), idCount: UInt16(ids.count),
                idStart: UInt32(identifiers.count)))
        keys.append(contentsOf: bytes[start..<end])
        identifiers.append(contentsOf: ids)
        var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
        slots[slot] = UInt32(entries.count)
    }
}
