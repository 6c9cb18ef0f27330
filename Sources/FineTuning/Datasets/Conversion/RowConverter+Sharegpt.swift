import ChatTemplates
import JSONDocuments

extension RowConverter {
    func convertSharegpt(_ row: JSONObject) throws -> Conversion {
        var messages = try messages(of: row)
        var system = try text(of: columns.system, in: row)
        if let tag = tags.system, let first = messages.first, word(of: first) == tag {
            system = try content(of: first, number: 1)
            messages.removeFirst()
        }
        let tools = try text(of: columns.tools, in: row)
        if messages.isEmpty {
            return .dropped(DroppedRow(reason: .noMessages, detail: "there is no message beside the system text"))
        }
        var aligned: [ChatMessage] = []
        for (index, message) in messages.enumerated() {
            guard let role = role(of: message, atPlace: index) else {
                return .dropped(DroppedRow(reason: .wrongOrder, detail: disorder(of: messages, at: index)))
            }
            aligned.append(ChatMessage(role: role, content: try content(of: message, number: index + 1)))
        }
        guard aligned.count % 2 == 0 else {
            return .dropped(DroppedRow(reason: .wrongCount, detail: "\(aligned.count) messages"))
        }
        var responses = [aligned.removeLast()]
        if let column = columns.preferenceTag, row[column]?.bool != nil {
            responses.append(ChatMessage(role: .assistant, content: ""))
        }
        return .example(AlignedExample(prompt: aligned, responses: responses, system: system, tools: tools))
    }

    private func messages(of row: JSONObject) throws -> [JSONObject] {
        guard let column = columns.messages else {
            throw RowProblem(
                "`columns` in dataset_info.json names no column for `messages`, which `formatting: sharegpt` needs "
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

    private func word(of message: JSONObject) -> String? {
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

    private func content(of message: JSONObject, number: Int) throws -> String {
        guard let key = tags.content, let value = message[key], !value.isNull else {
            throw RowProblem("message \(number) has no text (`\(tags.content ?? "content_tag is not set")`)")
        }
        guard let text = value.string else {
            throw RowProblem("the text of message \(number) (`\(key)`) must be a text, not \(value.kindName)")
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

    private static func quoted(_ words: [String], or: Bool = false) -> String {
        words.isEmpty ? "none at all" : words.map { "`\($0)`" }.joined(separator: or ? " or " : ", ")
    }
}
