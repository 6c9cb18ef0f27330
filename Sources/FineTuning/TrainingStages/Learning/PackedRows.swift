package import Datasets
import LanguageModels
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
    /// The length that the reference's batch pads rows to.
    package let paddedLength: Int

    /// - Parameter multiple: the reference pads rows to a multiple of it
    package init(_ rows: [TrainingItem], paddedTo multiple: Int = 1) throws {
        paddedLength = PaddedLength.length(of: rows.map(\.paddedLength), multiple: multiple)
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

    /// Positions that have a loss: those before a label in the same row.
    var labelledPositions: Int {
        get throws {
            try DecoderModel.shifted(labels, layout: layout).count { $0 != ignoredLabel }
        }
    }

    /// For each row that has labels the share of them that were the likeliest tokens.
    ///
    /// - Parameters:
    ///   - labelled: the positions that have a loss, ascending
    ///   - isBest: whether the label of each was the likeliest
    package func accuracies(labelled: [Int], isBest: [Bool]) -> [Double] {
        var shares: [Double] = []
        var next = 0
        for (start, length) in zip(layout.offsets, layout.lengths) {
            let first = next
            while next < labelled.count, labelled[next] < start + length { next += 1 }
            guard next > first else { continue }
            shares.append(Double(isBest[first..<next].count { $0 }) / Double(next - first))
        }
        return shares
    }
}
