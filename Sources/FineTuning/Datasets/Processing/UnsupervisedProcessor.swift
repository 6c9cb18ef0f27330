import ChatTemplates

/// Prompts that are answered by the model itself: stage ppo, and evaluation by generated text.
struct UnsupervisedProcessor: RowProcessor {
    let encoder: OneTurnEncoder

    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow {
        let answer =
            example.responses.count == 1 ? example.responses[0] : ChatMessage(role: .assistant, content: "")
        let pair = try encoder.pair(example, answer: answer)
        let kept = LengthBudget.kept(source: pair.source.count, target: pair.target.count, budget: encoder.cutoff)
        return .item(
            .prompt(
                PromptItem(
                    inputIDs: Array(pair.source[..<kept.source]), labels: Array(pair.target[..<kept.target]))),
            Truncation(
                sourceTokens: pair.source.count - kept.source, targetTokens: pair.target.count - kept.target))
    }
}
