import ChatTemplates
import JSONDocuments

extension RowConverter {
    func convertSharegpt(_ row: JSONObject) throws -> Conversion {
        var messages = try messages(of: row)
        var system = try text(of: columns.system, in: row)
        if let text = try takeSystemText(from: &messages) { system = text }
        let tools = try text(of: columns.tools, in: row)
        if messages.isEmpty { return .dropped(Self.nobodySpeaks) }
        var aligned: [ChatMessage] = []
        for (index, message) in messages.enumerated() {
            guard let role = role(of: message, atPlace: index) else {
                return .dropped(DroppedRow(reason: .wrongOrder, detail: disorder(of: messages, at: index)))
            }
            aligned.append(ChatMessage(role: role, content: try content(of: message, number: index + 1)))
        }
        return try example(aligned, row: row, system: system, tools: tools)
    }

    static let nobodySpeaks = DroppedRow(
        reason: .noMessages, detail: "there is no message beside the system text")

    /// Divides a dialog whose messages alternate into prompt and responses.
    func example(
        _ aligned: [ChatMessage], row: JSONObject, system: String?, tools: String?
    ) throws -> Conversion {
        guard aligned.count % 2 == (description.ranking ? 1 : 0) else {
            return .dropped(
                DroppedRow(
                    reason: description.ranking ? .wrongCountOfPreference : .wrongCount,
                    detail: "\(aligned.count) messages"))
        }
        var prompt = aligned
        let responses: [ChatMessage]
        if let isDesired = preferenceTag(of: row), let last = prompt.popLast() {
            responses = tagged(last, isDesired: isDesired)
        } else if description.ranking, let chosen = columns.chosen.flatMap({ row[$0]?.object }),
            let rejected = columns.rejected.flatMap({ row[$0]?.object })
        {
            responses = [try compared(chosen, "chosen"), try compared(rejected, "rejected")]
        } else {
            responses = prompt.popLast().map { [$0] } ?? []
        }
        return .example(AlignedExample(prompt: prompt, responses: responses, system: system, tools: tools))
    }

    /// The system text that a dialog begins with, which is then no longer among its messages.
    func takeSystemText(from messages: inout [JSONObject]) throws -> String? {
        guard let tag = tags.system, let first = messages.first, word(of: first) == tag else { return nil }
        let text = try content(of: first, number: 1)
        messages.removeFirst()
        return text
    }

    /// One of the two answers of a preference; the reference takes it whoever speaks.
    private func compared(_ message: JSONObject, _ name: String) throws -> ChatMessage {
        guard let word = word(of: message), let role = role(named: word) else {
            throw RowProblem(
                "the \(name) answer names no speaker among the tags (`\(tags.role ?? "role_tag is not set")`)")
        }
        return ChatMessage(role: role, content: try content(of: message, name: "the \(name) answer"))
    }

    func role(named word: String) -> ChatRole? {
        let roles: [(String?, ChatRole)] = [
            (tags.user, .user), (tags.assistant, .assistant), (tags.observation, .observation),
            (tags.function, .function), (tags.system, .system),
        ]
        return roles.first { $0.0 == word }?.1
    }

    func messages(of row: JSONObject) throws -> [JSONObject] {
        guard let column = columns.messages else {
            throw RowProblem(
                "`columns` in dataset_info.json names no column for `messages`, which `formatting: \(description.formatting.rawValue)` needs "
                    + "(a column that `columns` does not list counts as absent)")
        }
        let value = row[column] ?? .null
        guard let list = value.array else {
            throw RowProblem("the column `\(column)` must hold a list of messages, not \(value.kindName)")
        }
        return try list.enumerated().map { index, element in
            guard let message = element.object else {
                throw RowProblem("message \(index + 1) must be an object, not \(element.kindName)")
            }
            return message
        }
    }

    func word(of message: JSONObject) -> String? {
        tags.role.flatMap { message[$0]?.string }
    }

    /// The role of a message if it may stand at this place: questions at even, answers at odd ones.
    private func role(of message: JSONObject, atPlace index: Int) -> ChatRole? {
        guard let word = word(of: message) else { return nil }
        let allowed: [(String?, ChatRole)] =
            index % 2 == 0
            ? [(tags.user, .user), (tags.observation, .observation)]
            : [(tags.assistant, .assistant), (tags.function, .function)]
        return allowed.first { $0.0 == word }?.1
    }

    func content(of message: JSONObject, number: Int) throws -> String {
        try content(of: message, name: "message \(number)")
    }

    private func content(of message: JSONObject, name: String) throws -> String {
        guard let key = tags.content, let value = message[key], !value.isNull else {
            throw RowProblem("\(name) has no text (`\(tags.content ?? "content_tag is not set")`)")
        }
        guard let text = value.string else {
            throw RowProblem("the text of \(name) (`\(key)`) must be a text, not \(value.kindName)")
        }
        return text
    }

    private func disorder(of messages: [JSONObject], at index: Int) -> String {
        let known = [tags.user, tags.assistant, tags.observation, tags.function, tags.system].compactMap(\.self)
        guard let found = word(of: messages[index]) else { return "message \(index + 1) names no speaker" }
        guard known.contains(found) else {
            return "message \(index + 1) is by `\(found)`, but the tags are \(Self.quoted(known)): "
                + "set `tags` in dataset_info.json"
        }
        let expected = (index % 2 == 0 ? [tags.user, tags.observation] : [tags.assistant, tags.function])
        return "message \(index + 1) is by `\(found)`, expected \(Self.quoted(expected.compactMap(\.self), or: true))"
    }

    static func quoted(_ words: [String], or: Bool = false) -> String {
        words.isEmpty ? "none at all" : words.map { "`\($0)`" }.joined(separator: or ? " or " : ", ")
    }
}
