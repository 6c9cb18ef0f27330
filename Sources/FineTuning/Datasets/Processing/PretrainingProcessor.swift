import Tokenization

/// Turns documents into items that are trained on throughout.
struct PretrainingProcessor: Sendable {
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

    /// Tokens that did not get into an item, and the documents that lost some.
    struct Loss: Hashable, Sendable {
        var tokens = 0
        var documents = 0
    }

    /// The items of one group of documents; what is left over after the last whole block is lost.
    func encode(_ documents: [String]) throws -> (items: [TrainingItem], loss: Loss) {
        try packs ? blocks(of: documents) : singles(of: documents)
    }

    private func blocks(of documents: [String]) throws -> (items: [TrainingItem], loss: Loss) {
        var items: [TrainingItem] = []
        var waiting: [Int32] = []
        for document in documents {
            waiting += try tokenizer.encode(document + endOfDocument, addingSpecialTokens: false)
            var start = 0
            while waiting.count - start >= cutoff {
                var block = Array(waiting[start..<start + cutoff])
                // The reference overwrites the block's first token, it does not insert.
                if beginsItems, let begin = tokenizer.bosTokenID { block[0] = begin }
                items.append(item(block))
                start += cutoff
            }
            waiting.removeFirst(start)
        }
        return (items, Loss(tokens: waiting.count, documents: waiting.isEmpty ? 0 : 1))
    }

    private func singles(of documents: [String]) throws -> (items: [TrainingItem], loss: Loss) {
        var loss = Loss()
        let begin = beginsItems ? tokenizer.bosToken ?? "" : ""
        let items = try documents.map { document in
            let ids = try tokenizer.encode(begin + document + endOfDocument, addingSpecialTokens: false)
            if ids.count > cutoff {
                loss.tokens += ids.count - cutoff
                loss.documents += 1
            }
            return item(Array(ids.prefix(cutoff)))
        }
        return (items, loss)
    }

    private func item(_ ids: [Int32]) -> TrainingItem {
        guard let paddingID, ids.contains(paddingID) else { return TrainingItem(inputIDs: ids, labels: ids) }
        return TrainingItem(inputIDs: ids, labels: ids.map { $0 == paddingID ? ignoredLabel : $0 })
    }
}
