import ChatTemplates

/// Prompts with an answer that is desired or not, and with the answer of the row before: stage kto.
struct FeedbackProcessor: RowProcessor {
    let encoder: OneTurnEncoder

    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow {
        guard example.responses.count >= 2 else {
            return .dropped(
                DroppedRow(reason: .noTag, detail: "the column named by `kto_tag` must hold true or false, not 1 or 0"))
        }
        let isDesired = !example.responses[0].content.isEmpty
        let (target, loss) = try item(example, answer: example.responses[isDesired ? 0 : 1])
        let (mismatched, _) = try item(example, answer: try answer(of: try previous()))
        return .item(
            .feedback(FeedbackItem(target: target, mismatched: mismatched, isDesired: isDesired)), loss)
    }

    func items(of rows: [EncodedRow], part: inout DataReport.Part) -> [PreparedItem] {
        let items: [PreparedItem] = rows.compactMap { row in
            if case .item(let item, _) = row { item } else { nil }
        }
        for case .feedback(let item) in items {
            part.desiredItems = (part.desiredItems ?? 0) + (item.isDesired ? 1 : 0)
        }
        return items
    }

    private func item(_ example: AlignedExample, answer: ChatMessage) throws -> (TrainingItem, Truncation) {
        encoder.item(try encoder.pair(example, answer: answer))
    }

    /// The answer that another row lends, whether that row is used itself or not.
    private func answer(of conversion: Conversion) throws -> ChatMessage {
        guard case .example(let example) = conversion, let first = example.responses.first else {
            throw RowProblem(
                "the row before it has no answer to compare with (the first row of a group follows the last): "
                    + "mend or remove that row")
        }
        if !first.content.isEmpty { return first }
        guard example.responses.count > 1 else {
            throw RowProblem(
                "the row before it has an empty answer to compare with (the first row of a group follows the last): "
                    + "mend or remove that row")
        }
        return example.responses[1]
    }
}
