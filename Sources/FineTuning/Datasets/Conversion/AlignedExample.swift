package import ChatTemplates

/// A row in the form that every dataset is brought into before it is tokenized.
package struct AlignedExample: Hashable, Sendable {
    /// Up to and including the last question.
    package var prompt: [ChatMessage]
    /// One answer; two where the row compares answers; none where it has only a question.
    ///
    /// Of a preference the first is the chosen one. Of a tagged row one of the two is empty: the second if the
    /// answer is desired, the first if it is not.
    package var responses: [ChatMessage]
    package var system: String?
    /// JSON text.
    package var tools: String?

    package init(prompt: [ChatMessage], responses: [ChatMessage], system: String? = nil, tools: String? = nil) {
        self.prompt = prompt
        self.responses = responses
        self.system = system
        self.tools = tools
    }
}

/// What became of a row.
package enum Conversion: Hashable, Sendable {
    case example(AlignedExample)
    case dropped(DroppedRow)
}

/// Why a row takes no part, with what was seen in it.
package struct DroppedRow: Hashable, Sendable {
    package enum Reason: String, Hashable, Codable, Sendable, CaseIterable {
        case noMessages = "the dialog is empty"
        case wrongOrder = "questions and answers do not alternate"
        case wrongCount = "the dialog does not end with an answer"
        case wrongCountOfPreference = "the dialog before a preference does not end with a question"
        case noResponse = "there is no response"
        case twoResponses = "there is a preference tag, so two responses"
        case onlyOneResponse = "there are no two answers to compare"
        case noTag = "nothing says whether the answer is desired"
    }

    package var reason: Reason
    package var detail: String
}

/// What stops the run at a row, without the row's place.
package struct RowProblem: Error, Hashable {
    package var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
