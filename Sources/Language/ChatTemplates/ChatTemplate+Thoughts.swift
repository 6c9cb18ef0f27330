internal import Tokenization

extension ChatTemplate {
    /// What stands in for a thought where an answer has none.
    var emptyThought: String {
        kind == .closingTagReasoning ? thoughtWords.closing : thoughtWords.opening + thoughtWords.closing
    }

    func removeThought(from message: inout ChatMessage) {
        message.content =
            message.content
            .removingSpans(from: thoughtWords.opening, to: thoughtWords.closing)
            .droppingLeadingNewlines
    }

    /// Removes the thoughts that multi-turn training does not show: all of them, or all but the last answer's.
    ///
    /// Answers are known by their place (odd), whatever their role.
    func removeThoughts(from messages: inout [ChatMessage], history: Bool) {
        if enablesThinking == false {
            for index in stride(from: 1, to: messages.count, by: 2) { removeThought(from: &messages[index]) }
        }
        if history {
            for index in stride(from: 1, to: messages.count - 2, by: 2) { removeThought(from: &messages[index]) }
        }
    }

    /// An answer without a thought gets an empty one: taught when thinking is on, else part of the prompt.
    func addEmptyThought(to pair: inout TokenPair, answer: String, with tokenizer: Tokenizer) throws {
        let hasThought = [thoughtWords.opening, thoughtWords.closing].contains {
            answer.firstOccurrence(of: $0.trimmingWhitespace) != nil
        }
        guard !hasThought else { return }
        let thought = try tokenizer.encode(emptyThought, addingSpecialTokens: false)
        if enablesThinking == true {
            pair.target = thought + pair.target
        } else {
            pair.source += thought
        }
    }
}
