package import Datasets
package import Tensors

/// The rows of a micro-batch back to back, without padding between them.
package struct PackedRows: Sendable {
    package let tokens: [Int32]
    /// As many as `tokens`, not shifted.
    package let labels: [Int32]
    /// What attention does not cross: rows, or the examples of a row that do not see each other.
    package let attention: SequenceLayout
    /// The rows. The reference shifts labels within a whole row, across its examples.
    package let layout: SequenceLayout
    /// Positions count from 0 in each example; nil where each row is one.
    package let positions: [Int32]?

    package init(_ rows: [TrainingItem]) throws {
        tokens = rows.flatMap(\.inputIDs)
        labels = rows.flatMap(\.labels)
        layout = try SequenceLayout(lengths: rows.map(\.inputIDs.count))
        guard rows.contains(where: { $0.packing != nil }) else {
            attention = try SequenceLayout(lengths: layout.lengths, unseen: rows.map(\.padding))
            positions = nil
            return
        }
        attention = try SequenceLayout(
            lengths: rows.flatMap { row in
                if let packing = row.packing, packing.isSeparated { packing.lengths } else { [row.inputIDs.count] }
            })
        positions = rows.flatMap { row in
            (row.packing?.lengths ?? [row.inputIDs.count]).flatMap { 0..<Int32($0) }
        }
    }

    /// The place of each row's last token.
    package var lastTokens: [Int] { zip(layout.offsets, layout.lengths).map { $0 + $1 - 1 } }
}
