/// What one encoding call works with; kept between calls so that its memory and cache are used again.
struct Workspace {
    static let longestCachedWord = WordCache.longestWord
    /// Longer words are merged with a heap, shorter ones by looking at every pair.
    private static let longestScannedWord = 48

    var cache = WordCache()
    /// The ids of the word in work.
    var symbols: [Int32] = []
    private var pairs: [MergeTable.Merge] = []
    private var links: [Link] = []
    private var heap = MergeHeap()

    private struct Link {
        var previous: Int32
        var next: Int32
    }

    private static let noMerge = MergeTable.Merge(rank: .max, result: -1)

    /// Joins pairs of `symbols` in the order of their ranks, from the left among equals.
    mutating func merge(_ merges: MergeTable) {
        if symbols.count < 2 { return }
        if symbols.count <= Self.longestScannedWord { mergeByScanning(merges) } else { mergeByHeap(merges) }
    }

    private mutating func mergeByScanning(_ merges: MergeTable) {
        pairs.removeAll(keepingCapacity: true)
        for index in 0..<(symbols.count - 1) {
            pairs.append(merges[symbols[index], symbols[index + 1]] ?? Self.noMerge)
        }
        var count = symbols.count
        while count > 1 {
            var best = 0
            var rank = pairs[0].rank
            var index = 1
            while index < count - 1 {
                if pairs[index].rank < rank {
                    rank = pairs[index].rank
                    best = index
                }
                index += 1
            }
            if rank == .max, pairs[best].result < 0 { break }
            symbols[best] = pairs[best].result
            count -= 1
            index = best + 1
            while index < count {
                symbols[index] = symbols[index + 1]
                pairs[index - 1] = pairs[index]
                index += 1
            }
            if best > 0 { pairs[best - 1] = merges[symbols[best - 1], symbols[best]] ?? Self.noMerge }
            if best < count - 1 { pairs[best] = merges[symbols[best], symbols[best + 1]] ?? Self.noMerge }
        }
        symbols.removeSubrange(count...)
    }

    /// A removed symbol is marked by -1; entries of the heap that no longer fit are dropped when they come up.
    private mutating func mergeByHeap(_ merges: MergeTable) {
        let count = symbols.count
        links.removeAll(keepingCapacity: true)
        heap.removeAll()
        for index in 0..<count {
            links.append(Link(previous: Int32(index) - 1, next: index + 1 < count ? Int32(index) + 1 : -1))
            if index + 1 < count, let merge = merges[symbols[index], symbols[index + 1]] {
                heap.push(merge, at: index)
            }
        }
        while let top = heap.pop() {
            let position = top.position
            guard symbols[position] >= 0, links[position].next >= 0 else { continue }
            let right = Int(links[position].next)
            guard merges[symbols[position], symbols[right]]?.result == top.result else { continue }
            symbols[position] = top.result
            symbols[right] = -1
            let next = links[right].next
            links[position].next = next
            if next >= 0 {
                links[Int(next)].previous = Int32(position)
                if let merge = merges[symbols[position], symbols[Int(next)]] { heap.push(merge, at: position) }
            }
            let previous = links[position].previous
            if previous >= 0, let merge = merges[symbols[Int(previous)], symbols[position]] {
                heap.push(merge, at: Int(previous))
            }
        }
        symbols.removeAll { $0 < 0 }
    }
}

/// A binary heap of possible merges, lowest rank first, then leftmost.
private struct MergeHeap {
    struct Entry {
        /// Rank above position.
        var key: UInt64
        var result: Int32
        var position: Int { Int(key & 0xFFFF_FFFF) }
    }

    private var entries: [Entry] = []

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    mutating func push(_ merge: MergeTable.Merge, at position: Int) {
        let entry = Entry(key: UInt64(merge.rank) << 32 | UInt64(position), result: merge.result)
        var child = entries.count
        entries.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent].key <= entry.key { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    mutating func pop() -> Entry? {
        guard let top = entries.first, let last = entries.popLast() else { return nil }
        if entries.isEmpty { return top }
        let count = entries.count
        var parent = 0
        while true {
            var child = parent * 2 + 1
            if child >= count { break }
            if child + 1 < count, entries[child + 1].key < entries[child].key { child += 1 }
            if entries[child].key >= last.key { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = last
        return top
    }
}
