import ChatTemplates
import JSONDocuments
import ServiceAPI

extension Dialog {
    /// What a client's messages say: an optional system message, then questions and answers in turn, a question last, or an
    /// answer where the dialogue is `isAnswered`.
    ///
    /// Calls become one turn, and what several tools gave in a row becomes one too.
    ///
    /// - Throws: `ServiceError` that names the message and what is wrong with it
    init(_ messages: [DialogueMessage], isAnswered: Bool = false) throws {
        var turns: [ChatMessage] = []
        var system: String?
        var results: [String] = []
        for (index, message) in messages.enumerated() {
            let number = index + 1
            let speaker = try Speaker(message, number: number)
            if speaker == .system {
                guard index == 0 else {
                    throw Self.refusal("message \(number) is a system message; only the first may be one")
                }
                system = try Self.text(of: message, number: number)
                continue
            }
            if speaker == .tool, !results.isEmpty {
                results.append(try Self.text(of: message, number: number))
                turns[turns.count - 1] = .observation(of: results)
                continue
            }
            let isQuestionDue = turns.count % 2 == 0
            guard speaker.asks == isQuestionDue else {
                throw Self.refusal(
                    "message \(number) should be of role "
                        + (isQuestionDue ? "user (or tool)" : "assistant (or function)")
                        + ", it is of '\(message.role)'", hint: "user and assistant take turns")
            }
            results = []
            switch speaker {
            case .user: turns.append(ChatMessage(role: .user, content: try Self.text(of: message, number: number)))
            case .tool:
                results = [try Self.text(of: message, number: number)]
                turns.append(.observation(of: results))
            case .assistant where message.callsTools:
                turns.append(ChatMessage(role: .function, content: try Self.calls(of: message, number: number)))
            case .assistant, .function:
                let role: ChatRole = speaker == .function ? .function : .assistant
                turns.append(ChatMessage(role: role, content: try Self.text(of: message, number: number)))
            case .system: break
            }
        }
        guard turns.count % 2 == (isAnswered ? 0 : 1), !turns.isEmpty else {
            throw Self.refusal(
                "a dialogue must end with \(isAnswered ? "an answer of the assistant" : "a message of the user")"
                    + (messages.last.map { "; its last one is of role '\($0.role)'" } ?? ", and there is none"))
        }
        self.init(messages: turns, system: system)
    }

    private enum Speaker {
        case system, user, assistant, function, tool

        var asks: Bool { self == .user || self == .tool }

        init(_ message: DialogueMessage, number: Int) throws {
            switch message.role {
            case "system": self = .system
            case "user": self = .user
            case "assistant": self = .assistant
            case "function": self = .function
            case "tool", "observation": self = .tool
            default:
                throw Dialog.refusal(
                    "message \(number) is of the unknown role '\(message.role)'",
                    hint: message.role == "developer"
                        ? "write system" : "roles are system, user, assistant, tool and function")
            }
            if message.callsTools, self != .assistant {
                throw Dialog.refusal("message \(number) of role '\(message.role)' calls tools; only an assistant does")
            }
        }
    }

    private static func text(of message: DialogueMessage, number: Int) throws -> String {
        guard let content = message.content else {
            throw refusal(
                "message \(number) of role '\(message.role)' has no text: its `content` is null or absent",
                hint: message.role == "assistant" ? "only beside `tool_calls` may it be" : "write \"\" for an empty one"
            )
        }
        if let part = content.foreignPart {
            throw ServiceError(
                .notAvailable, "message \(number) has a part of type '\(part)'; only parts of type text are read",
                field: "messages")
        }
        return content.text
    }

    /// The calls as a function message has them.
    private static func calls(of message: DialogueMessage, number: Int) throws -> String {
        let functions = try (message.toolCalls ?? []).map { call in
            guard let function = call["function"] ?? (call.contains("name") ? .object(call) : nil) else {
                throw refusal("a call in `tool_calls` of message \(number) has no `function`")
            }
            return function
        }
        return JSONValue.array(functions).serialized(.spaced)
    }

    private static func refusal(_ message: String, hint: String? = nil) -> ServiceError {
        ServiceError(.badRequest, message, hint: hint, field: "messages")
    }
}
