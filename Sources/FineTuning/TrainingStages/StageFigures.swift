package import Tensors

/// Means in the making: what was summed under the names of log records, and what each sum is divided by.
package struct StageFigures: Codable, Equatable, Sendable {
    private struct Entry: Codable, Equatable, Sendable {
        var name: String
        var sum: Double
        var weight: Double
    }

    /// In the order in which names came up.
    private var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// Adds a value, or `weight` values whose sum is given.
    package mutating func add(_ name: String, _ sum: Double, weight: Double = 1) {
        guard let index = entries.firstIndex(where: { $0.name == name }) else {
            entries.append(Entry(name: name, sum: sum, weight: weight))
            return
        }
        entries[index].sum += sum
        entries[index].weight += weight
    }

    package mutating func add(_ others: StageFigures) {
        for entry in others.entries { add(entry.name, entry.sum, weight: entry.weight) }
    }

    /// Nil for a name that nothing was added to.
    package func mean(_ name: String) -> Double? {
        entries.first { $0.name == name && $0.weight > 0 }.map { $0.sum / $0.weight }
    }

    package var means: [(name: String, value: Double)] {
        entries.filter { $0.weight > 0 }.map { ($0.name, $0.sum / $0.weight) }
    }
}

/// What a stage remembers from update to update, such as running means; kept in checkpoints.
package struct StageMemory: Codable, Equatable, Sendable {
    package var numbers: [String: Double] = [:]

    package init() {}
}

/// What became of one micro-batch.
package struct StageLoss {
    /// Where to start back-propagation; nil if there is nothing to learn.
    package var variable: Variable?
    /// The micro-batch's share of its update's loss.
    package var value: Double
    package var figures: StageFigures

    package init(variable: Variable?, value: Double, figures: StageFigures = StageFigures()) {
        self.variable = variable
        self.value = value
        self.figures = figures
    }
}
