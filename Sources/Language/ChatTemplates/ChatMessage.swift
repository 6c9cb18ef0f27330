/// Who speaks in a message, independent of the words a file or a template uses for it.
package enum ChatRole: String, Hashable, Sendable, CaseIterable {
    case system
    case user
    case assistant
    case observation
    case function
}

/// One message of a dialog.
package struct ChatMessage: Hashable, Sendable {
    package var role: ChatRole
    package var content: String

    package init(role: ChatRole, content: String) {
        self.role = role
        self.content = content
    }
}

extension ChatMessage {
    /// What several tools gave that were called at once, as the reference joins them.
    package static func observation(of results: [String]) -> ChatMessage {
        ChatMessage(role: .observation, content: results.joined(separator: "\n</tool_response>\n<tool_response>\n"))
    }
}

/// A dialog ready for a template: alternating messages, the system text and the tools beside them.
package struct Dialog: Hashable, Sendable {
    /// Messages without a system message; questions and observations at even places, answers at odd ones.
    package var messages: [ChatMessage]
    /// Empty or nil: the template's own system text.
    package var system: String?
    /// JSON text of the tools the model may call.
    package var tools: String?

    package init(messages: [ChatMessage], system: String? = nil, tools: String? = nil) {
        self.messages = messages
        self.system = system
        self.tools = tools
    }
}

/// The token ids of a prompt turn and of the response turn that follows it.
package struct TokenPair: Hashable, Sendable {
    package var source: [Int32]
    package var target: [Int32]

    package init(source: [Int32], target: [Int32]) {
        self.source = source
        self.target = target
    }
}
