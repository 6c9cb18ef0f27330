package import JSONDocuments

/// One message of a dialogue, as clients of other services keep them too.
package struct DialogueMessage: Codable, Equatable, Sendable {
    /// `system`, `user`, `assistant`; `function` for calls as JSON, `tool` for what they gave.
    package var role: String
    /// Nil and null stand beside calls.
    package var content: MessageContent?
    /// The calls of an assistant: `{"function": {"name", "arguments"}}` or `{"name", "arguments"}`.
    package var toolCalls: [JSONObject]?

    package init(role: String, content: String?, toolCalls: [JSONObject]? = nil) {
        self.role = role
        self.content = content.map(MessageContent.text)
        self.toolCalls = toolCalls
    }

    /// The content, parts of text put together; empty where there is none.
    package var text: String { content?.text ?? "" }

    /// Whether the message calls tools.
    package var callsTools: Bool { toolCalls?.isEmpty == false }

    enum CodingKeys: String, CodingKey {
        case role, content
        case toolCalls = "tool_calls"
    }
}

/// What a message says: a text, or parts that each have a type.
package enum MessageContent: Codable, Equatable, Sendable {
    case text(String)
    case parts([JSONObject])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let parts = try? container.decode([JSONObject].self) {
            self = .parts(parts)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .parts(let parts): try container.encode(parts)
        }
    }

    package var text: String {
        switch self {
        case .text(let text): text
        case .parts(let parts): parts.compactMap { $0["text"]?.string }.joined()
        }
    }

    /// The type of the first part that is no text, nil where all are.
    package var foreignPart: String? {
        guard case .parts(let parts) = self else { return nil }
        return parts.first { $0["type"]?.string != "text" || $0["text"]?.string == nil }.map {
            $0["type"]?.string ?? "unknown"
        }
    }
}
