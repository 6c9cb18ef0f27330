import ChatTemplates

/// Prompts with a chosen and a rejected answer: stages rm and dpo.
struct PairwiseProcessor: RowProcessor {
    let encoder: OneTurnEncoder

    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow {
        guard example.responses.count >= 2 else {
            return .dropped(
                DroppedRow(reason: .onlyOneResponse, detail: "the chosen or the rejected answer is no text"))
        }
        let chosen = try encoder.pair(example, answer: example.responses[0])
        let rejected = try encoder.pair(example, answer: example.responses[1]).target
        // The longer answer decides how much of the prompt stays, so that both have the same prompt.
        let kept = LengthBudget.kept(
            source: chosen.source.count, target: max(chosen.target.count, rejected.count), budget: encoder.cutoff)
        let prompt = chosen.source[..<kept.source]
        let pair = PreferencePair(
            chosen: OneTurnEncoder.item(prompt, chosen.target.prefix(kept.target)),
            rejected: OneTurnEncoder.item(prompt, rejected.prefix(kept.target)))
        return .item(
            .preference(pair),
            Truncation(
                sourceTokens: chosen.source.count - kept.source,
                targetTokens: max(chosen.target.count - kept.target, 0) + max(rejected.count - kept.target, 0)))
    }
}
