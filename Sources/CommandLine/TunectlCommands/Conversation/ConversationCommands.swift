import JSONDocuments
import LinuxSystem
import REPL
import RunConfiguration
import ServiceAPI
import TerminalOutput

/// What a command of the conversation did.
struct CommandReply {
    /// For people, on stderr.
    var talk: String?
    /// What was asked for, on stdout.
    var data: String?
    /// The same for programs.
    var json: JSONValue = ["done": true]
    var leaves = false
    var exitCode = ExitCode.success
}

extension ConversationSession {
    /// Carries out a command of the conversation.
    func carryOut(_ command: SlashCommand, _ argument: String) throws -> CommandReply {
        switch command {
        case .model: try chooseModel(argument)
        case .adapter: try chooseAdapter(argument)
        case .base:
            change("the base model answers") { $0.usesAdapter = false }
        case .ab: try compareAnswers(argument)
        case .system:
            change(argument.isEmpty ? "no system message" : "system message set") {
                $0.system = argument.isEmpty ? nil : argument
            }
        case .set: try set(argument)
        case .show: CommandReply(data: KeyValueText.render(shownState) + transcript, json: shownStateWithMessages)
        case .save: try save(argument)
        case .load: try load(argument)
        case .clear: change("a new dialogue begins") { $0.clear() }
        case .retry: CommandReply(json: Self.reply(try retry()))
        case .edit: try edit()
        case .tokens: try showTokens(argument)
        case .stats: try showFigures()
        case .jobs: try runVerb("jobs", argument)
        case .cancel: try runVerb("cancel", argument)
        case .watch: try runVerb("watch", argument)
        case .submit: try runVerb("submit", argument)
        case .help: CommandReply(data: SlashCommand.overview, json: ["help": .string(SlashCommand.overview)])
        case .quit: CommandReply(leaves: true)
        }
    }

    /// An answer as lines of JSON carry it.
    static func reply(_ result: JSONValue) -> JSONValue {
        [
            "message": ["role": "assistant", "content": result["text"] ?? ""],
            "finish_reason": result["finish_reason"] ?? "stop",
        ]
    }

    private func change(_ talk: String, _ body: (inout Conversation) -> Void) -> CommandReply {
        body(&conversation)
        return CommandReply(talk: talk, json: ["done": .string(talk)])
    }

    private func chooseModel(_ argument: String) throws -> CommandReply {
        guard !argument.isEmpty else { throw CommandFailure.usage("/model needs a folder or a name") }
        // The tokenizer's folder is looked at now, so that a wrong name is told before the next prompt.
        _ = try context.client().call(
            Tokenize.self,
            Tokenize.Parameters(model: argument, text: "", workingDirectory: context.workingDirectory))
        return change("talking with \(argument)") { $0.model = argument }
    }

    private func chooseAdapter(_ argument: String) throws -> CommandReply {
        guard !argument.isEmpty || conversation.adapter != nil else {
            throw CommandFailure.usage("/adapter needs a folder or a name")
        }
        let adapter = argument.isEmpty ? conversation.adapter : argument
        return change("using the adapter \(adapter ?? "")") {
            $0.adapter = adapter
            $0.usesAdapter = true
        }
    }

    private func compareAnswers(_ argument: String) throws -> CommandReply {
        guard let prompt = argument.isEmpty ? conversation.lastPrompt : argument else {
            throw CommandFailure.usage("/ab needs a prompt")
        }
        let answers = try compare(prompt)
        return CommandReply(json: ["base": Self.reply(answers.base), "adapter": Self.reply(answers.adapter)])
    }

    private func set(_ argument: String) throws -> CommandReply {
        let settings = argument.split(separator: " ").map(String.init)
        guard !settings.isEmpty else {
            return CommandReply(
                data: conversation.settings.map { $0 + "\n" }.joined(),
                json: ["settings": .array(conversation.settings.map(JSONValue.string))])
        }
        for setting in settings { try RequestSetting.check(setting) }
        return change(settings.joined(separator: " ")) { conversation in
            for setting in settings { conversation.set(setting) }
        }
    }

    /// What `/show` shows.
    private var shownState: JSONValue {
        var object = JSONObject()
        object["model"] = conversation.model.map(JSONValue.string) ?? .null
        object["adapter"] = conversation.activeAdapter.map(JSONValue.string) ?? .null
        object["adapter_put_aside"] = conversation.usesAdapter ? nil : conversation.adapter.map(JSONValue.string)
        object["settings"] = .string(conversation.settings.joined(separator: " "))
        object["messages"] = .integer(Int64(conversation.messages.count))
        return .object(object)
    }

    private var shownStateWithMessages: JSONValue {
        var object = shownState.object ?? JSONObject()
        object["settings"] = .array(conversation.settings.map(JSONValue.string))
        for (key, value) in conversation.saved.object ?? JSONObject() { object[key] = value }
        return .object(object)
    }

    /// The dialogue as people read it, each message under its role.
    private var transcript: String {
        let spoken = conversation.saved["messages"]?.array ?? []
        return spoken.map { message in
            let role = message["role"]?.string ?? ""
            let lines = TextColumns.printableLines(message["content"]?.string ?? "").split(
                separator: "\n", omittingEmptySubsequences: false)
            return "[\(role)]\n" + lines.map { "  " + $0 + "\n" }.joined()
        }
        .joined()
    }

    private func save(_ argument: String) throws -> CommandReply {
        let path = try filePath(argument, of: "/save")
        guard FileSystem.kind(of: path) == nil || isDialogue(path) else {
            throw CommandFailure(
                kind: "conflict", message: "\(path) exists and is no dialogue of an earlier /save",
                hint: "choose another name, or remove it first", exitCode: .cannotCreate)
        }
        do {
            let file = try AtomicFile(replacing: path, mode: 0o600)
            try file.write(conversation.saved.serialized(.indented(2)) + "\n")
            try file.commit()
        } catch {
            throw CommandFailure(
                kind: error.code == 28 ? "disk_full" : "permission", message: "\(path) cannot be written: \(error)",
                exitCode: .cannotCreate)
        }
        return CommandReply(talk: "saved to \(path)", json: ["saved": .string(path)])
    }

    private func isDialogue(_ path: String) -> Bool {
        guard let bytes = try? MappedFile.contents(of: path) else { return false }
        return (try? JSONValue(parsing: bytes))?["messages"]?.array != nil
    }

    private func load(_ argument: String) throws -> CommandReply {
        let path = try filePath(argument, of: "/load")
        let text = try context.text(ofFile: path)
        do {
            try conversation.load(try JSONValue(parsing: text))
        } catch {
            throw CommandFailure(kind: "bad_data", message: "\(path) is no dialogue: \(error)")
        }
        let count = conversation.messages.count
        return CommandReply(talk: "\(count) messages from \(path)", json: ["loaded": .integer(Int64(count))])
    }

    private func filePath(_ argument: String, of command: String) throws -> String {
        guard !argument.isEmpty else { throw CommandFailure.usage("\(command) needs a file") }
        return HomeFolder.expand(argument)
    }

    private func edit() throws -> CommandReply {
        guard let terminal = context.terminal else { throw CommandFailure.usage("/edit needs a terminal") }
        let edited = try terminal.edit(conversation.lastPrompt ?? "", environment: context.environment)
        guard edited.contains(where: { !$0.isWhitespace }) else { return CommandReply(talk: "nothing to ask") }
        conversation.dropLastExchange()
        return CommandReply(json: Self.reply(try answer(edited)))
    }

    private func showTokens(_ argument: String) throws -> CommandReply {
        guard let model = conversation.model else { throw CommandFailure.usage("no model is chosen") }
        guard let text = argument.isEmpty ? conversation.lastPrompt : argument else {
            throw CommandFailure.usage("there is no prompt yet")
        }
        let result = try context.client().call(
            Tokenize.self,
            Tokenize.Parameters(
                model: model, text: text, specialTokens: false, workingDirectory: context.workingDirectory))
        let ids = result["ids"]?.array ?? []
        var reply = CommandReply(
            data: ids.map(\.description).joined(separator: " ") + "\n", json: ["ids": .array(ids)])
        if argument.isEmpty, let figures {
            reply.talk = "\(ids.count) tokens; the whole dialogue in its template was \(figures.promptTokens)"
        }
        return reply
    }

    private func showFigures() throws -> CommandReply {
        guard let figures else { throw CommandFailure.usage("there is no answer yet") }
        return CommandReply(data: KeyValueText.render(figures.readable), json: figures.json)
    }

    /// Runs a command of tunectl within the conversation.
    private func runVerb(_ verb: String, _ argument: String) throws -> CommandReply {
        let words = argument.split(separator: " ").map(String.init)
        guard context.isWritingJSONLines else {
            let nested = context.nested(output: context.output)
            let code = try nested.carryOut([verb] + words)
            // A watch that was left goes on at the service's side; its connection is not used again.
            if code == .interrupted { context.disconnect() }
            return CommandReply(exitCode: code == .interrupted ? .success : code)
        }
        let sink = MemorySink()
        let code = try context.nested(output: sink).carryOut([verb, "--json"] + words)
        return CommandReply(json: (try? JSONValue(parsing: sink.text)) ?? ["done": true], exitCode: code)
    }
}

/// The settings that `/set` takes.
enum RequestSetting {
    static func check(_ setting: String) throws {
        guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
            throw CommandFailure.usage("`\(setting)` is no KEY=VALUE", hint: "for example /set temperature=0.7")
        }
        let name = String(setting[..<equals])
        guard let row = Parameters.named(name) else {
            throw CommandFailure(
                kind: "bad_config", message: "there is no parameter `\(name)`",
                hint: Parameters.nearestName(to: name).map { "did you mean `\($0)`?" })
        }
        guard row.actsOnRequests || ModelSettings.isModelSetting(row) else {
            throw CommandFailure(kind: "bad_config", message: "`\(name)` does not act on an answer")
        }
        if setting[equals...] == "=" { return }
        do {
            try RunConfiguration.checkRequestSetting(setting)
        } catch {
            throw CommandFailure(error)
        }
    }
}

extension AnswerFigures {
    /// The figures with units, for people.
    fileprivate var readable: JSONValue {
        var object: JSONObject = [
            "prompt tokens": .integer(Int64(promptTokens)), "new tokens": .integer(Int64(newTokens)),
        ]
        func seconds(_ value: Double?) -> JSONValue? {
            value.map { .string(ReadableNumbers.decimal($0, places: 3) + " s") }
        }
        object["first token after"] = seconds(firstPiece)
        object["whole answer"] = seconds(total)
        object["prompt"] = seconds(promptSeconds)
        object["generation"] = seconds(generationSeconds)
        object["tokens per second"] = tokensPerSecond.map { .string(ReadableNumbers.decimal($0, places: 1)) }
        return .object(object)
    }
}
