import JSONDocuments
import REPL
import ServiceAPI
import TerminalOutput

/// The three ways in which lines come: from a person, from a script, and as JSON.
extension ConversationSession {
    /// A conversation on a terminal.
    func talk() throws -> ExitCode {
        survivesInterrupts = true
        let history = HistoryFile(environment: context.environment)
        let editor = lineEditor(history)
        greet()
        var collector = InputCollector()
        while context.output.failure == nil {
            switch try editor.readLine(prompt: collector.isOpen ? ". " : "> ") {
            case .interrupted: collector.abandon()
            case .endOfInput:
                context.errors.write("\n")
                return .success
            case .line(let line):
                if line.contains(where: { !$0.isWhitespace }) {
                    editor.remember(line)
                    history?.append(line)
                }
                guard let input = collector.take(line) else { continue }
                do {
                    let reply = try obey(input)
                    if reply.leaves { return .success }
                    tell(reply)
                } catch let failure as CommandFailure {
                    recover(from: failure)
                }
            }
        }
        return .success
    }

    private func greet() {
        guard let model = conversation.model else {
            context.say("No model is chosen: /model DIR. /help explains, Ctrl-D leaves.")
            return
        }
        let adapter = conversation.activeAdapter.map { " and the adapter \($0)" } ?? ""
        context.say("Talking with \(model)\(adapter). /help explains, Ctrl-D leaves.")
    }

    private func lineEditor(_ history: HistoryFile?) -> any LineEditor {
        let completer = ConversationCompleter(
            workingDirectory: context.workingDirectory, home: context.environment["HOME"],
            names: ServiceNames(context: context))
        guard let editor = context.terminal?.lineEditor(completing: completer.complete) else {
            return PlainLineEditor(input: context.input, prompts: context.errors)
        }
        for line in history?.load() ?? [] { editor.remember(line) }
        return editor
    }

    /// Tells what went wrong; the conversation goes on.
    private func recover(from failure: CommandFailure) {
        switch failure.kind {
        case "cancelled": context.say("(stopped)")
        case "interrupted": context.disconnect()
        default:
            context.errors.write(failure.text)
            // A daemon that was started again is found at the next command.
            if failure.kind == "unreachable" { context.disconnect() }
        }
    }

    private func obey(_ input: ConversationInput) throws -> CommandReply {
        switch input {
        case .prompt(let text): return CommandReply(json: Self.reply(try answer(text)))
        case .command(let command, let argument): return try carryOut(command, argument)
        case .unknownCommand(let name):
            let nearest = SlashCommand.nearest(to: name).map { "did you mean `/\($0.rawValue)`?" }
            throw CommandFailure.usage("there is no command `/\(name)`", hint: nearest ?? "/help lists them")
        }
    }

    private func tell(_ reply: CommandReply) {
        if let data = reply.data { context.output.write(data) }
        if let talk = reply.talk { context.say(talk) }
    }

    /// A script: every line is a prompt or a command; what fails is told, and the rest is done all the same.
    func runScript() throws -> ExitCode {
        var collector = InputCollector()
        var worst = ExitCode.success
        var (isFirst, isAtEnd) = (true, false)
        while !isAtEnd, context.output.failure == nil {
            do {
                let line = try context.input.nextLine()
                isAtEnd = line == nil
                defer { isFirst = false }
                let taken = line.map { collector.take(isFirst ? $0.withoutByteOrderMark : $0) }
                guard let input = taken ?? collector.finish() else { continue }
                let reply = try obey(input)
                tell(reply)
                worst = max(worst, reply.exitCode)
                if reply.leaves { break }
            } catch let failure as CommandFailure {
                if failure.endsScripts { throw failure }
                context.tell(failure)
                worst = max(worst, failure.exitCode)
            }
        }
        return worst
    }

    /// A script in JSON: one line out for each line in.
    func runJSONLines() throws -> ExitCode {
        stopStreaming()
        context.isWritingJSONLines = true
        var worst = ExitCode.success
        let code = try JSONLines.run(context) { line in
            try line.check(["messages", "prompt", "command"], onlyOne: true)
            if let messages = try line.messages() {
                return Self.reply(try call(messages, adapter: conversation.activeAdapter))
            }
            if let prompt = try line.text("prompt") { return Self.reply(try answer(prompt)) }
            let text = try line.text("command") ?? ""
            guard let input = InputCollector.input(text.hasPrefix("/") ? text : "/" + text) else {
                throw CommandFailure(kind: "bad_data", message: "`command` is empty")
            }
            let reply = try obey(input)
            worst = max(worst, reply.exitCode)
            return reply.json
        }
        return max(code, worst)
    }
}

/// Asks for lines without editing, where the terminal cannot do more.
final class PlainLineEditor: LineEditor {
    private let input: any LineSource
    private let prompts: any TextSink

    init(input: any LineSource, prompts: any TextSink) {
        self.input = input
        self.prompts = prompts
    }

    func readLine(prompt: String) throws -> EnteredLine {
        prompts.write(prompt)
        do {
            return try input.nextLine().map(EnteredLine.line) ?? .endOfInput
        } catch let failure as CommandFailure where failure.kind == "interrupted" {
            prompts.write("\n")
            return .interrupted
        }
    }

    func remember(_ line: String) {}
}

/// Names that the service knows; without a daemon there are none to offer.
struct ServiceNames: NameSource {
    let context: CommandContext

    var jobs: [String] { (try? Jobs.fetch(context).map(\.id)) ?? [] }
    var models: [String] { resident.compactMap { $0["model"]?.string } }
    var adapters: [String] { resident.flatMap { $0["adapters"]?.array?.compactMap(\.string) ?? [] } }

    private var resident: [JSONValue] {
        (try? context.client().call(ModelList.self, Nothing())["models"]?.array) ?? []
    }
}
