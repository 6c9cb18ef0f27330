import ChatTemplates

/// A row in the form that every dataset is brought into before it is tokenized.
struct AlignedExample: Hashable, Sendable {
    /// Up to and including the last question; empty if the row's dialog is broken.
    var prompt: [ChatMessage]
    /// One answer, or two of which the stage chooses.
    var responses: [ChatMessage]
    var system: String?
    var tools: String?
}

/// What became of a row.
enum Conversion: Hashable, Sendable {
    case example(AlignedExample)
    case dropped(DroppedRow)
}

/// Why a row takes no part, with what was seen in it.
package struct DroppedRow: Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case noMessages = "the dialog is empty"
        case wrongOrder = "questions and answers do not alternate"
        case wrongCount = "the dialog does not end with an answer"
        case noResponse = "there is no response"
        case twoResponses = "there is a preference tag, so two responses"
    }

    package var reason: Reason
    package var detail: String
}

/// What stops the run at a row, without the row's place.
struct RowProblem: Error, Hashable {
    var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
