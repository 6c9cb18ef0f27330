import Datasets
import Tensors

/// How the items of a micro-batch lie in one tensor.
struct PackedLayouts {
    /// What attention does not cross: items, or the examples of an item that do not see each other.
    let attention: SequenceLayout
    /// The items. The reference shifts labels within a whole item, across its examples.
    let rows: SequenceLayout
    /// Positions count from 0 in each example; nil where each item is one.
    let positions: [Int32]?

    init(_ items: [TrainingItem]) throws {
        rows = try SequenceLayout(lengths: items.map(\.inputIDs.count))
        guard items.contains(where: { $0.packing != nil }) else {
            attention = try SequenceLayout(lengths: rows.lengths, unseen: items.map(\.padding))
            positions = nil
            return
        }
        attention = try SequenceLayout(
            lengths: items.flatMap { item in
                if let packing = item.packing, packing.isSeparated { packing.lengths } else { [item.inputIDs.count] }
            })
        positions = items.flatMap { item in
            (item.packing?.lengths ?? [item.inputIDs.count]).flatMap { 0..<Int32($0) }
        }
    }
}
