package import JSONDocuments
package import ServiceAPI

/// With whom one talks, under which parameters, and what has been said.
package struct Conversation: Equatable, Sendable {
    package var model: String?
    package var adapter: String?
    /// Whether the adapter is used; `/base` puts it aside.
    package var usesAdapter: Bool
    package var system: String?
    package private(set) var messages: [DialogueMessage] = []
    /// `key=value` pairs, each key once.
    package private(set) var settings: [String] = []
    /// The last prompt, also one whose answer was stopped or failed.
    package private(set) var lastPrompt: String?

    package init(model: String? = nil, adapter: String? = nil, settings: [String] = []) {
        self.model = model
        self.adapter = adapter
        usesAdapter = adapter != nil
        for setting in settings { set(setting) }
    }

    /// The adapter that the next answer uses.
    package var activeAdapter: String? { usesAdapter ? adapter : nil }

    /// Sets a `key=value`, in place of an earlier one of the same key; `key=` takes it back.
    package mutating func set(_ setting: String) {
        guard let equals = setting.firstIndex(of: "=") else { return }
        let prefix = String(setting[...equals])
        settings.removeAll { $0.hasPrefix(prefix) }
        if setting.utf8.count > prefix.utf8.count { settings.append(setting) }
    }

    /// The dialogue that a prompt makes, the system message first.
    package func dialogue(with prompt: String) -> [DialogueMessage] {
        (system.map { [DialogueMessage(role: "system", content: $0)] } ?? []) + messages
            + [DialogueMessage(role: "user", content: prompt)]
    }

    /// Remembers what is being asked, so that it can be asked again.
    package mutating func ask(_ prompt: String) { lastPrompt = prompt }

    /// Adds a prompt with its answer.
    package mutating func record(_ prompt: String, answer: String) {
        messages += [
            DialogueMessage(role: "user", content: prompt), DialogueMessage(role: "assistant", content: answer),
        ]
    }

    /// Takes the last prompt and its answer out of the dialogue, if it ends with them.
    package mutating func dropLastExchange() {
        guard messages.count >= 2, messages[messages.count - 2].text == lastPrompt else { return }
        messages.removeLast(2)
    }

    package mutating func clear() { messages = [] }

    /// Who may speak in a dialogue that is loaded.
    static let roles = ["system", "user", "assistant", "function", "tool"]

    /// Everything said, as other programs read it: `{"messages": [{"role", "content"}]}`.
    package var saved: JSONValue {
        let all = (system.map { [DialogueMessage(role: "system", content: $0)] } ?? []) + messages
        return ["messages": .array(all.map(Self.saved))]
    }

    private static func saved(_ message: DialogueMessage) -> JSONValue {
        // What `load` has taken can be written again; calls stand in place of the text.
        (try? JSONValue(encoding: message)) ?? ["role": .string(message.role), "content": .string(message.text)]
    }

    /// Takes over a saved dialogue: the object that `saved` makes, or the list of messages alone.
    package mutating func load(_ value: JSONValue) throws(DialogueFileError) {
        guard let items = value.array ?? value["messages"]?.array else { throw .noMessages }
        var loaded: [DialogueMessage] = []
        for (number, item) in items.enumerated() {
            guard let message = try? item.decoded(as: DialogueMessage.self),
                message.content != nil || message.callsTools
            else { throw .noRoleOrContent(number: number + 1) }
            guard Self.roles.contains(message.role) else { throw .unknownRole(message.role, number: number + 1) }
            guard message.role != "system" || number == 0 else { throw .lateSystemMessage(number: number + 1) }
            loaded.append(message)
        }
        system = loaded.first.flatMap { $0.role == "system" ? $0.text : nil }
        messages = system == nil ? loaded : Array(loaded.dropFirst())
        lastPrompt = messages.last { $0.role == "user" }?.text
    }
}

/// Why a file is no dialogue.
package enum DialogueFileError: Error, Equatable, CustomStringConvertible {
    case noMessages
    case noRoleOrContent(number: Int)
    case unknownRole(String, number: Int)
    case lateSystemMessage(number: Int)

    package var description: String {
        switch self {
        case .noMessages: "expected a list of messages or an object with `messages`"
        case .noRoleOrContent(let number):
            "message \(number) needs the texts `role` and `content`; `tool_calls` may stand in place of a text"
        case .unknownRole(let role, let number):
            "message \(number) has role `\(role)`; known are \(Conversation.roles.joined(separator: ", "))"
        case .lateSystemMessage(let number): "message \(number) is a system message; only the first may be one"
        }
    }
}
