/// Which items a training run sees, and when: a pure function of seed and epoch, so that nothing has to be saved.
package struct DataOrder: Hashable, Sendable {
    package enum Shuffling: Hashable, Sendable {
        /// The items' own order, in every epoch.
        case none
        /// A fresh permutation each epoch.
        case permutation
        /// A permutation whose neighbours are of similar length (`group_by_length`).
        case groupedByLength([Int])
    }

    package let count: Int
    /// `data_seed`, or `seed` where that is not set.
    package let seed: UInt64
    package let batchSize: Int
    package let accumulation: Int
    package let shuffling: Shuffling

    package init(count: Int, seed: UInt64, batchSize: Int, accumulation: Int, shuffling: Shuffling) {
        self.count = count
        self.seed = seed
        self.batchSize = batchSize
        self.accumulation = accumulation
        self.shuffling = shuffling
    }

    /// The same order with neighbours of similar length.
    package func grouped(byLengths lengths: [Int]) -> DataOrder {
        DataOrder(
            count: count, seed: seed, batchSize: batchSize, accumulation: accumulation,
            shuffling: .groupedByLength(lengths))
    }

    /// Positions of the items in the order in which `epoch` (from 0) takes them.
    package func indices(epoch: Int) -> [Int] {
        switch shuffling {
        case .none: return Array(0..<count)
        case .permutation:
            var generator = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed &+ UInt64(epoch)))
            return generator.forwardPermutation(count)
        case .groupedByLength(let lengths):
            return Self.grouped(runningPermutation(epoch: epoch), lengths: lengths, batchSize: batchSize * accumulation)
        }
    }

    /// The permutation of `epoch` from a generator that is seeded once: the reference's sampler by length has none of
    /// its own and draws from the process', after the data loader, which takes two numbers of it in each epoch.
    private func runningPermutation(epoch: Int) -> [Int] {
        var generator = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
        let ofLoader = 2
        for _ in 0..<epoch * (ofLoader + max(count - 1, 0)) + ofLoader { _ = generator.next() }
        return generator.forwardPermutation(count)
    }

    /// The items of each micro-batch of an epoch; the last may be short and is then dropped on demand.
    package func batches(epoch: Int, dropLast: Bool = false) -> [[Int]] {
        Self.batches(of: indices(epoch: epoch), size: batchSize, dropLast: dropLast)
    }

    /// Consecutive slices of `size`.
    package static func batches(of indices: [Int], size: Int, dropLast: Bool = false) -> [[Int]] {
        stride(from: 0, to: indices.count, by: size).compactMap { start in
            let end = min(start + size, indices.count)
            return dropLast && end - start < size ? nil : Array(indices[start..<end])
        }
    }

    /// Sorts megabatches of a permutation by descending length and brings the longest item to the front, where
    /// a lack of memory shows at once.
    package static func grouped(_ permutation: [Int], lengths: [Int], batchSize: Int) -> [Int] {
        let factor = max(min(permutation.count / (4 * batchSize), 50), 1)
        var megabatches = batches(of: permutation, size: factor * batchSize).map { megabatch in
            // Equal lengths keep their order: Swift's sort is not promised to be stable.
            megabatch.enumerated().sorted {
                lengths[$0.element] != lengths[$1.element]
                    ? lengths[$0.element] > lengths[$1.element] : $0.offset < $1.offset
            }.map(\.element)
        }
        guard !megabatches.isEmpty else { return [] }
        var longest = 0
        for index in megabatches.indices where lengths[megabatches[index][0]] > lengths[megabatches[longest][0]] {
            longest = index
        }
        let front = megabatches[0][0]
        megabatches[0][0] = megabatches[longest][0]
        megabatches[longest][0] = front
        return megabatches.flatMap { $0 }
    }
}
