import Tensors

/// The rotary tables of some layers; one, or one per length where the frequencies depend on it.
final class RotaryTables: @unchecked Sendable {
    // Sendable by the rule that one thread runs a model at a time.
    private let frequencies: RotaryFrequencies
    /// Whether neighbouring elements are a pair, not those half a head apart.
    private let pairsNeighbours: Bool
    private var current: (range: Int, table: RotaryTable)?

    init(_ frequencies: RotaryFrequencies, pairsNeighbours: Bool = false) {
        self.frequencies = frequencies
        self.pairsNeighbours = pairsNeighbours
    }

    /// Rotates each head by its token's position. Where neighbours are pairs, elements change places as well, alike in
    /// queries and keys.
    func rotate(_ heads: Variable, headSize: Int, in pass: ModelPass) throws -> Variable {
        let arranged =
            pairsNeighbours
            ? try pass.tape.halvesOfNeighbours(heads, headSize: headSize, rotated: frequencies.dimensions) : heads
        return try pass.tape.rotaryEmbedding(
            arranged, headSize: headSize, table: table(length: pass.positions.longest),
            positions: pass.positions.values)
    }

    /// - Parameter length: tokens of the longest sequence of this pass
    func table(length: Int) -> RotaryTable {
        let range = frequencies.range(length: length)
        if let current, current.range == range { return current.table }
        let table = RotaryTable(
            inverseFrequencies: frequencies.inverse(length: length),
            attentionFactor: Float(frequencies.attentionFactor))
        current = (range, table)
        return table
    }
}
