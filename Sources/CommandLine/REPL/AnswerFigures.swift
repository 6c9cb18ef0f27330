package import JSONDocuments

/// How fast an answer came.
package struct AnswerFigures: Equatable, Sendable {
    package let promptTokens: Int
    package let newTokens: Int
    /// Seconds from the request to the first piece of text, as the person sees it; nil when nothing came in pieces.
    package let firstPiece: Double?
    /// Seconds from the request to its end.
    package let total: Double
    /// Seconds that the model took for the prompt and for the new tokens.
    package let promptSeconds: Double?
    package let generationSeconds: Double?

    /// - Parameter result: what `chat` returned
    package init(result: JSONValue, firstPiece: Double?, total: Double) {
        promptTokens = result["prompt_tokens"]?.integer.map { Int($0) } ?? 0
        newTokens = result["ids"]?.array?.count ?? 0
        promptSeconds = result["prompt_seconds"]?.double
        generationSeconds = result["generation_seconds"]?.double
        self.firstPiece = firstPiece
        self.total = total
    }

    /// New tokens a second, by the model's own time when it tells it.
    package var tokensPerSecond: Double? {
        let seconds = generationSeconds ?? total
        return seconds > 0 && newTokens > 0 ? Double(newTokens) / seconds : nil
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "prompt_tokens": .integer(Int64(promptTokens)), "new_tokens": .integer(Int64(newTokens)),
        ]
        object["first_piece_seconds"] = firstPiece.map(JSONValue.number)
        object["total_seconds"] = .number(total)
        object["prompt_seconds"] = promptSeconds.map(JSONValue.number)
        object["generation_seconds"] = generationSeconds.map(JSONValue.number)
        object["tokens_per_second"] = tokensPerSecond.map(JSONValue.number)
        return .object(object)
    }
}
