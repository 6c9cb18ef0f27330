import ChatTemplates
import Tensors
import Tokenization

/// Encodes a dialog as prompt and last answer, for the stages that compare or write answers.
struct OneTurnEncoder: Sendable {
    let template: ChatTemplate
    let tokenizer: Tokenizer
    /// Tokens of prompt and answer together.
    let cutoff: Int

    /// Prompt and answer in full; the end of sequence closes the answer where the template leaves it to us.
    func pair(_ example: AlignedExample, answer: ChatMessage) throws -> TokenPair {
        try template.encodeAnswer(
            in: Dialog(messages: example.prompt + [answer], system: example.system, tools: example.tools),
            with: tokenizer)
    }

    /// The beginning of both sides that fits, with labels on the answer.
    func item(_ pair: TokenPair) -> (item: TrainingItem, truncation: Truncation) {
        let kept = LengthBudget.kept(source: pair.source.count, target: pair.target.count, budget: cutoff)
        return (
            Self.item(pair.source[..<kept.source], pair.target[..<kept.target]),
            Truncation(
                sourceTokens: pair.source.count - kept.source, targetTokens: pair.target.count - kept.target)
        )
    }

    static func item(_ source: ArraySlice<Int32>, _ target: ArraySlice<Int32>) -> TrainingItem {
        TrainingItem(
            inputIDs: source + target,
            labels: [Int32](repeating: ignoredLabel, count: source.count) + target)
    }
}

extension TrainingItem {
    fileprivate init(inputIDs: ArraySlice<Int32>, labels: [Int32]) {
        self.init(inputIDs: Array(inputIDs), labels: labels)
    }
}
