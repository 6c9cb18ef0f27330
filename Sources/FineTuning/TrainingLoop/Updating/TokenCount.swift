package import Datasets
package import RunConfiguration

/// Tokens of micro-batches as they are, and as the reference counts what it pads.
package struct TokenCount: Equatable, Sendable {
    /// Without padding.
    package var real = 0
    /// Positions of the padded batches.
    package var padded = 0
    /// What `num_input_tokens_seen` grows by.
    package var seen = 0

    package init() {}

    /// Adds one micro-batch.
    ///
    /// - Parameter multiple: rows are padded to a multiple of it
    package mutating func add(_ rows: [TrainingItem], paddedTo multiple: Int, counting: InputTokenCount) {
        let positions = PaddedLength.tokens(of: rows.map(\.paddedLength), multiple: multiple)
        real += rows.reduce(0) { $0 + $1.inputIDs.count }
        padded += positions
        switch counting {
        case .no: break
        case .all: seen += positions
        case .nonPadding:
            // Packed rows without separation attend to their padding, so the reference counts it.
            seen += rows.reduce(0) { sum, row in
                sum + (row.packing?.isSeparated == false ? row.paddedLength : row.inputIDs.count)
            }
        }
    }
}
