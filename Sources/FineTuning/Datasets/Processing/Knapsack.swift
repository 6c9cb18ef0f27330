/// Fills packs of a fixed size with lengths: always the largest that still fits.
package enum Knapsack {
    /// - Parameters:
    ///   - lengths: none larger than `capacity`; others are left out.
    /// - Returns: positions in `lengths`, pack by pack. Of equal lengths the last one is taken first.
    package static func packs(_ lengths: [Int], capacity: Int) -> [[Int]] {
        var stacks: [Int: [Int]] = [:]
        for (position, length) in lengths.enumerated() where length <= capacity && length >= 0 {
            stacks[length, default: []].append(position)
        }
        let sizes = stacks.keys.sorted()
        var remaining = sizes.map { stacks[$0] ?? [] }
        // Where to look when a size is used up: the next smaller one that may still have some, -1 for none.
        var below = Array(-1..<sizes.count - 1)
        func largest(_ index: Int) -> Int {
            var found = index
            while found >= 0, remaining[found].isEmpty { found = below[found] }
            var step = index
            while step > found {
                let next = below[step]
                below[step] = found
                step = next
            }
            return found
        }
        var packs: [[Int]] = []
        while largest(sizes.count - 1) >= 0 {
            var pack: [Int] = []
            var free = capacity
            while true {
                let found = largest(fitting(sizes, free))
                guard found >= 0, let position = remaining[found].popLast() else { break }
                free -= sizes[found]
                pack.append(position)
            }
            packs.append(pack)
        }
        return packs
    }

    /// The last of the ascending `sizes` that is at most `free`, -1 if none is.
    private static func fitting(_ sizes: [Int], _ free: Int) -> Int {
        var (low, high) = (0, sizes.count)
        while low < high {
            let middle = (low + high) / 2
            if sizes[middle] <= free { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }
}
