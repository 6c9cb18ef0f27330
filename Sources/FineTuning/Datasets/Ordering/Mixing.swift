package import RunConfiguration

/// A row of one of several datasets.
package struct RowReference: Hashable, Sendable {
    package var dataset: Int
    package var row: Int
}

extension MixStrategy {
    /// The mixed order of datasets with the given numbers of rows, none of them zero.
    ///
    /// - Parameter probabilities: one for each dataset; nil takes turns.
    package func mixed(counts: [Int], probabilities: [Double]?, seed: UInt64) -> [RowReference] {
        guard counts.count > 1 else { return Self.concatenated(counts) }
        switch self {
        case .concat: return Self.concatenated(counts)
        case .interleaveUnder, .interleaveOver, .interleaveOnce:
            return probabilities.map { drawn(counts, probabilities: $0, seed: seed) } ?? takingTurns(counts)
        }
    }

    private static func concatenated(_ counts: [Int]) -> [RowReference] {
        counts.enumerated().flatMap { dataset, count in (0..<count).map { RowReference(dataset: dataset, row: $0) } }
    }

    /// Round by round, one row of each. When the longest decides, shorter datasets begin again (over) or are passed
    /// by (once).
    private func takingTurns(_ counts: [Int]) -> [RowReference] {
        let rounds = (self == .interleaveUnder ? counts.min() : counts.max()) ?? 0
        return (0..<rounds).flatMap { round in
            counts.indices.filter { self != .interleaveOnce || round < counts[$0] }.map {
                RowReference(dataset: $0, row: round % counts[$0])
            }
        }
    }

    /// Draws datasets until one (under) or all (over, once) have been used up. At its end a dataset begins again, or
    /// (once) gives no more rows.
    private func drawn(_ counts: [Int], probabilities: [Double], seed: UInt64) -> [RowReference] {
        var generator = PCG64(seed: seed)
        var next = [Int](repeating: 0, count: counts.count)
        var isUsedUp = [Bool](repeating: false, count: counts.count)
        var order: [RowReference] = []
        while self == .interleaveUnder ? !isUsedUp.contains(true) : isUsedUp.contains(false) {
            let dataset = generator.choice(probabilities)
            if self == .interleaveOnce, isUsedUp[dataset] { continue }
            order.append(RowReference(dataset: dataset, row: next[dataset]))
            next[dataset] += 1
            if next[dataset] == counts[dataset] {
                isUsedUp[dataset] = true
                next[dataset] = 0
            }
        }
        return order
    }
}
