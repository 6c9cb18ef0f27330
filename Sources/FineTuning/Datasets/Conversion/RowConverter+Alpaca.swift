import ChatTemplates
import JSONDocuments

extension RowConverter {
    func convertAlpaca(_ row: JSONObject) throws -> Conversion {
        var prompt = try history(of: row)
        let parts = try [columns.prompt, columns.query].compactMap { try text(of: $0, in: row) }
        let question = parts.filter { !$0.isEmpty }.joined(separator: "\n")
        prompt.append(ChatMessage(role: .user, content: question))
        return .example(
            AlignedExample(
                prompt: prompt, responses: try alpacaResponses(of: row), system: try text(of: columns.system, in: row),
                tools: try text(of: columns.tools, in: row)))
    }

    private func alpacaResponses(of row: JSONObject) throws -> [ChatMessage] {
        func answer(_ content: String) -> ChatMessage { ChatMessage(role: .assistant, content: content) }
        if let isDesired = preferenceTag(of: row) {
            guard let response = try text(of: columns.response, in: row) else {
                throw RowProblem("the row has a preference tag but no response")
            }
            return tagged(answer(response), isDesired: isDesired)
        }
        if description.ranking, let chosen = columns.chosen.flatMap({ row[$0]?.string }),
            let rejected = columns.rejected.flatMap({ row[$0]?.string })
        {
            return [answer(chosen), answer(rejected)]
        }
        return try text(of: columns.response, in: row).map { [answer($0)] } ?? []
    }

    /// Earlier turns as pairs of question and answer; anything but a list counts as none.
    private func history(of row: JSONObject) throws -> [ChatMessage] {
        guard let column = columns.history, let turns = row[column]?.array else { return [] }
        return try turns.enumerated().flatMap { index, turn in
            guard let pair = turn.array, pair.count == 2, let question = pair[0].string, let answer = pair[1].string
            else {
                throw RowProblem(
                    "turn \(index + 1) of the column `\(column)` must be a pair of texts, question and answer, not "
                        + turn.serialized(.compact).shortened)
            }
            return [
                ChatMessage(role: .user, content: question), ChatMessage(role: .assistant, content: answer),
            ]
        }
    }
}

extension String {
    /// The beginning of a long text, for messages.
    var shortened: String {
        count > 80 ? "\(prefix(77))..." : self
    }
}
