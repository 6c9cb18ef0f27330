import ChatTemplates
import Tensors
import Tokenization

/// Turns documents into items that are trained on throughout.
struct PretrainingProcessor: RowProcessor {
    let tokenizer: Tokenizer
    /// The text put behind each document.
    let endOfDocument: String
    /// Length of a block, or the most tokens of a document.
    let cutoff: Int
    /// Documents are joined and cut into blocks of one length.
    let packs: Bool
    /// Items begin with the begin-of-sequence token.
    let beginsItems: Bool
    /// Positions that hold this token are not trained on, wherever they stand.
    let paddingID: Int32?

    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow {
        guard let first = example.prompt.first else { throw RowProblem("the row has no text") }
        let begin = packs || !beginsItems ? "" : tokenizer.bosToken ?? ""
        let ids = try tokenizer.encode(begin + first.content + endOfDocument, addingSpecialTokens: false)
        if packs { return .document(ids) }
        return .item(
            .sequence(item(Array(ids.prefix(cutoff)))), Truncation(targetTokens: max(0, ids.count - cutoff)))
    }

    func dropped(_ row: DroppedRow) throws -> EncodedRow {
        throw RowProblem("the row has no text to train on: \(row.reason.rawValue) (\(row.detail))")
    }

    /// Blocks of one length; what is left over after the last whole one is lost.
    func items(of rows: [EncodedRow], part: inout DataReport.Part) -> [PreparedItem] {
        var items: [PreparedItem] = []
        var waiting: [Int32] = []
        for row in rows {
            switch row {
            case .item(let item, _): items.append(item)
            case .dropped: break
            case .document(let ids):
                waiting += ids
                var start = 0
                while waiting.count - start >= cutoff {
                    var block = Array(waiting[start..<start + cutoff])
                    // The reference overwrites the block's first token, it does not insert.
                    if beginsItems, let begin = tokenizer.bosTokenID { block[0] = begin }
                    items.append(.sequence(item(block)))
                    start += cutoff
                }
                waiting.removeFirst(start)
            }
        }
        part.leftoverTokens += waiting.count
        return items
    }

    private func item(_ ids: [Int32]) -> TrainingItem {
        guard let paddingID, ids.contains(paddingID) else { return TrainingItem(inputIDs: ids, labels: ids) }
        return TrainingItem(inputIDs: ids, labels: ids.map { $0 == paddingID ? ignoredLabel : $0 })
    }
}
