import Tensors

/// One item as its stage takes it.
package enum PreparedItem: Hashable, Sendable {
    /// A sequence to learn: stages pt and sft.
    case sequence(TrainingItem)
    /// Two answers to one prompt: stages rm and dpo.
    case preference(PreferencePair)
    /// An answer that is desired or not: stage kto.
    case feedback(FeedbackItem)
    /// A prompt to answer: stage ppo, and evaluation by generated text.
    case prompt(PromptItem)

    /// What an item is, in the words of messages.
    package enum Kind: String, Sendable {
        case sequence
        case preference = "pair of answers"
        case feedback = "judged answer"
        case prompt
    }

    package var kind: Kind {
        switch self {
        case .sequence: .sequence
        case .preference: .preference
        case .feedback: .feedback
        case .prompt: .prompt
        }
    }

    /// Everything that a model reads of the item; a prompt has no label.
    package var rows: [TrainingItem] {
        switch self {
        case .sequence(let item): [item]
        case .preference(let pair): [pair.chosen, pair.rejected]
        case .feedback(let item): [item.target, item.mismatched]
        case .prompt(let item):
            [
                TrainingItem(
                    inputIDs: item.inputIDs, labels: [Int32](repeating: ignoredLabel, count: item.inputIDs.count))
            ]
        }
    }

    /// Tokens of `rows`.
    package var tokenCount: Int { rows.reduce(0) { $0 + $1.inputIDs.count } }
}

/// A prompt with the answer that was preferred, and with the other one.
package struct PreferencePair: Hashable, Sendable {
    package let chosen: TrainingItem
    package let rejected: TrainingItem

    package init(chosen: TrainingItem, rejected: TrainingItem) {
        self.chosen = chosen
        self.rejected = rejected
    }
}

/// A prompt with its answer, and with the answer of another row, by which the model's drift is judged.
package struct FeedbackItem: Hashable, Sendable {
    package let target: TrainingItem
    package let mismatched: TrainingItem
    package let isDesired: Bool

    package init(target: TrainingItem, mismatched: TrainingItem, isDesired: Bool) {
        self.target = target
        self.mismatched = mismatched
        self.isDesired = isDesired
    }
}

/// A prompt, and the tokens that an answer to it would have.
package struct PromptItem: Hashable, Sendable {
    package let inputIDs: [Int32]
    /// A sequence of its own, nothing in it masked.
    package let labels: [Int32]

    package init(inputIDs: [Int32], labels: [Int32]) {
        self.inputIDs = inputIDs
        self.labels = labels
    }
}
