import ChatTemplates
import JSONDocuments

// Dialogs with `tool_calls` in their messages and answers of tools one by one.
extension RowConverter {
    func convertOpenAI(_ row: JSONObject) throws -> Conversion {
        var messages = try messages(of: row)
        var system = try text(of: columns.system, in: row)
        if let text = try takeSystemText(from: &messages) { system = text }
        let tools = try openAITools(of: row)
        if messages.isEmpty { return .dropped(Self.nobodySpeaks) }
        let aligned = try merged(messages)
        for (index, message) in aligned.enumerated() {
            let isQuestion = message.role == .user || message.role == .observation
            let isAnswer = message.role == .assistant || message.role == .function
            guard index % 2 == 0 ? isQuestion : isAnswer else {
                return .dropped(
                    DroppedRow(
                        reason: .wrongOrder,
                        detail: "turn \(index + 1) is of role \(message.role.rawValue), expected "
                            + (index % 2 == 0 ? "user or observation" : "assistant or function")))
            }
        }
        return try example(
            aligned, row: row, system: Self.systemText(system ?? "", hasTools: !tools.isEmpty), tools: tools)
    }

    /// The tools as text, whichever way the column holds them.
    private func openAITools(of row: JSONObject) throws -> String {
        guard let column = columns.tools, let value = row[column] else { return "" }
        switch value {
        case .array, .object: return value.serialized(.spaced)
        default: return try text(of: column, in: row) ?? ""
        }
    }

    /// One message a turn: calls as one function message, answers of tools that follow each other as one observation.
    private func merged(_ messages: [JSONObject]) throws -> [ChatMessage] {
        var merged: [ChatMessage] = []
        var observations: [String] = []
        for (index, message) in messages.enumerated() {
            guard let word = word(of: message), var role = role(named: word) else {
                throw RowProblem(unknownSpeaker(of: message, number: index + 1))
            }
            var content: String?
            if role == .assistant || role == .function, let calls = message["tool_calls"]?.array, !calls.isEmpty {
                content = try functions(calls, number: index + 1)
                role = .function
            }
            let text = try content ?? self.content(of: message, number: index + 1)
            if role == .observation {
                observations.append(text)
                continue
            }
            if !observations.isEmpty {
                merged.append(.observation(of: observations))
                observations = []
            }
            merged.append(ChatMessage(role: role, content: text))
        }
        return merged
    }

    private func functions(_ calls: [JSONValue], number: Int) throws -> String {
        let functions = try calls.map { call in
            guard let function = call["function"] else {
                throw RowProblem("a call in `tool_calls` of message \(number) has no `function`")
            }
            return function
        }
        return JSONValue.array(functions).serialized(.spaced)
    }

    private func unknownSpeaker(of message: JSONObject, number: Int) -> String {
        let known = [tags.user, tags.assistant, tags.observation, tags.function, tags.system].compactMap(\.self)
        let found = word(of: message).map { "is by `\($0)`" } ?? "names no speaker"
        return "message \(number) \(found), but the tags are \(Self.quoted(known)): set `tags` in dataset_info.json"
    }

    /// The reference marks dialogs without tools as ones without thinking, and parts tools from the system text.
    private static func systemText(_ text: String, hasTools: Bool) -> String {
        let mark = "detailed thinking off"
        switch (text.isEmpty, hasTools) {
        case (true, false): return mark
        case (true, true): return text
        case (false, true): return text + "\n"
        case (false, false):
            let isMarked = text.contains(mark) || text.contains("detailed thinking on")
            return isMarked ? text : "\(text)\n\(mark)"
        }
    }
}
