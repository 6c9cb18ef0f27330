import Tensors

/// The rotary tables of some layers; one, or one per length where the frequencies depend on it.
final class RotaryTables: @unchecked Sendable {
    // Sendable by the rule that one thread runs a model at a time.
    private let frequencies: RotaryFrequencies
    private var current: (length: Int, table: RotaryTable)?

    init(_ frequencies: RotaryFrequencies) { self.frequencies = frequencies }

    /// - Parameter length: tokens of the longest sequence of this pass
    func table(length: Int) -> RotaryTable {
        let key = frequencies.dependsOnLength ? max(length, frequencies.maximumPositions) : 0
        if let current, current.length == key { return current.table }
        let table = RotaryTable(
            inverseFrequencies: frequencies.inverse(length: length),
            attentionFactor: Float(frequencies.attentionFactor))
        current = (key, table)
        return table
    }
}
