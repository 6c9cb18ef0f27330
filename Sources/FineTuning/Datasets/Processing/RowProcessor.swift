import ChatTemplates

/// Turns converted rows into items: row by row, on any thread, then group by group.
protocol RowProcessor: Sendable {
    /// - Parameter previous: the row before it in its group, cyclically
    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow
    /// The items of one group's rows; what is lost here is counted in `part`.
    func items(of rows: [EncodedRow], part: inout DataReport.Part) -> [PreparedItem]
    /// A row that the conversion left out; throwing ends the run.
    func dropped(_ row: DroppedRow) throws -> EncodedRow
}

/// What became of a row when it was tokenized.
enum EncodedRow: Sendable {
    case item(PreparedItem, Truncation)
    /// A document's tokens, which are still to be cut into blocks.
    case document([Int32])
    case dropped(DroppedRow)
}

/// What did not fit into an item.
struct Truncation: Hashable, Sendable {
    var sourceTokens = 0
    var targetTokens = 0
    var turns = 0

    var isEmpty: Bool { self == Truncation() }
}

extension RowProcessor {
    func items(of rows: [EncodedRow], part: inout DataReport.Part) -> [PreparedItem] {
        rows.compactMap { row in
            if case .item(let item, _) = row { item } else { nil }
        }
    }

    func dropped(_ row: DroppedRow) throws -> EncodedRow { .dropped(row) }
}
