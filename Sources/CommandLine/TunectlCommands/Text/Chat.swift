import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let chat = Command(
        "chat", "talk with a model", positionals: [.several("MESSAGE", .text, isRequired: false)],
        options: [modelOption, adapterOption, jsonLinesOption], takesOverrides: true,
        details: """
            Needs template=NAME, as in training. With MESSAGE, answers once. On a terminal, a conversation: /clear
            starts anew, /system TEXT sets the system message, /help explains, /quit or Ctrl-D leaves; Ctrl-C stops
            an answer. Otherwise every line of standard input is a message. With --jsonl: {"messages"} -> {"message"}.
            """
    ) { invocation, context in
        let request = Chat.Parameters(
            model: try invocation.required("model"), adapter: invocation.value("adapter"),
            overrides: invocation.overrides, workingDirectory: context.workingDirectory)
        var conversation = Conversation(client: try context.client(), request: request, context: context)
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["messages"])
                return try conversation.answer(to: try line.messages() ?? [])
            }
        }
        if !invocation.positionals.isEmpty {
            try conversation.say(invocation.positionals.joined(separator: " "))
            return .success
        }
        return try context.input.isTerminal ? conversation.talk() : conversation.readAll()
    }
}

/// A conversation with its history.
private struct Conversation {
    let client: ServiceClient
    private var request: Chat.Parameters
    let context: CommandContext
    private var system: String?
    private var messages: [DialogueMessage] = []

    init(client: ServiceClient, request: Chat.Parameters, context: CommandContext) {
        self.client = client
        self.request = request
        self.context = context
    }

    /// Answers a whole list of messages that came from outside.
    mutating func answer(to messages: [DialogueMessage]) throws -> JSONValue {
        request.messages = messages
        request.stream = false
        let result = try client.call(Chat.self, request)
        return [
            "message": ["role": "assistant", "content": result["text"] ?? ""],
            "finish_reason": result["finish_reason"] ?? "stop",
        ]
    }

    /// Adds a message of the user, prints the answer as it comes and remembers both.
    mutating func say(_ text: String) throws {
        let user = DialogueMessage(role: "user", content: text)
        request.messages = (system.map { [DialogueMessage(role: "system", content: $0)] } ?? []) + messages + [user]
        request.stream = !context.wantsJSON
        var streamed = ""
        let result: JSONValue
        do {
            result = try client.call(Chat.self, request, onInterrupt: .cancelCall) { notification in
                guard !context.wantsJSON, let piece = StreamedText.of(notification) else { return }
                streamed += piece
                context.output.write(piece)
            }
        } catch let failure as CommandFailure where failure.kind == "cancelled" {
            context.output.write("\n")
            throw failure
        }
        if context.wantsJSON {
            context.printJSON(result)
        } else {
            context.output.write(StreamedText.rest(of: result, after: streamed) + "\n")
        }
        messages += [user, DialogueMessage(role: "assistant", content: result["text"]?.string ?? streamed)]
    }

    /// A conversation on a terminal.
    mutating func talk() throws -> ExitCode {
        context.say("Talking with \(request.model). /help explains, Ctrl-D leaves.")
        while true {
            context.errors.write(TextStyle.strong.apply(to: "> ", context.errorTerminal))
            let line: String?
            do {
                line = try context.input.nextLine()
            } catch let failure as CommandFailure where failure.kind == "interrupted" {
                context.errors.write("\n")
                continue
            }
            guard let line else {
                context.errors.write("\n")
                return .success
            }
            if line.allSatisfy(\.isWhitespace) { continue }
            if line.hasPrefix("/") {
                if try !obey(line) { return .success }
                continue
            }
            do {
                try say(line)
            } catch let failure as CommandFailure where failure.kind != "unreachable" {
                if failure.kind != "cancelled" { context.errors.write(failure.text) }
            }
        }
    }

    /// Carries out a line that begins with a slash; false when it means to leave.
    private mutating func obey(_ line: String) throws -> Bool {
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "/quit", "/bye", "/exit": return false
        case "/clear":
            messages = []
            context.say("starting anew")
        case "/system":
            system = parts.count > 1 ? parts[1] : nil
            context.say(system == nil ? "no system message" : "system message set")
        default: context.say("/clear starts anew, /system TEXT sets the system message, /quit leaves")
        }
        return true
    }

    /// Every line of standard input is a message.
    mutating func readAll() throws -> ExitCode {
        while let line = try context.input.nextLine() {
            if line.allSatisfy(\.isWhitespace) { continue }
            try say(line)
        }
        return .success
    }
}
