import JSONDocuments
import REPL
import RunConfiguration
import ServiceAPI

extension Command {
    static let chat = Command(
        "chat", "talk with a model; tunectl without a command does the same",
        positionals: [.several("MESSAGE", .text, isRequired: false)],
        options: [modelOption, adapterOption, keepAliveOption, jsonLinesOption], takesOverrides: true,
        details: """
            Takes template=NAME as in training, else the tokenizer's own. With MESSAGE, answers once. On a terminal, a conversation: /help lists
            its commands, Tab completes them, Ctrl-C stops an answer, Ctrl-D leaves. Otherwise standard input is a
            script of prompts and /commands; the exit code is the largest that a line gave. With --jsonl, every line is
            {"messages"} -> {"message"}, or {"prompt"} or {"command"} for a dialogue that goes on.
            Without --model, MESSAGE may be a LLaMA-Factory YAML file for inference.
            """
    ) { invocation, context in
        var message = invocation.positionals
        var conversation = Conversation(
            model: invocation.value("model"), adapter: invocation.value("adapter"), settings: invocation.overrides)
        if conversation.model == nil, let file = message.first, isConfigurationName(file) {
            conversation = try Conversation(configurationFile: file, invocation, context)
            message.removeFirst()
        }
        let session = ConversationSession(conversation, context)
        if invocation.has("jsonl") { return try session.runJSONLines() }
        if !message.isEmpty {
            try session.answer(message.joined(separator: " "))
            return .success
        }
        return try context.input.isTerminal ? session.talk() : session.runScript()
    }

    private static func isConfigurationName(_ name: String) -> Bool {
        [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }
}

extension Conversation {
    /// The model, adapter and parameters that a configuration file names; `key=value` arguments win over it.
    fileprivate init(configurationFile path: String, _ invocation: Invocation, _ context: CommandContext) throws {
        let configuration: RunConfiguration
        do {
            configuration = try RunConfiguration.parse(
                yaml: try context.text(ofFile: path), name: path, overrides: invocation.overrides)
        } catch let error as ConfigurationError {
            throw CommandFailure(error)
        }
        var adapter = invocation.value("adapter")
        if adapter == nil, configuration.isExplicit(Parameters.adapterNameOrPath) {
            adapter = configuration[Parameters.adapterNameOrPath]?.joined(separator: ",")
        }
        var settings: [String] = []
        if case .mapping(let entries) = configuration.explicitValues {
            let taken = [Parameters.modelNameOrPath.name, Parameters.adapterNameOrPath.name]
            settings = entries.filter { !taken.contains($0.key) }.map { "\($0.key)=\($0.value)" }
        }
        self.init(model: configuration[Parameters.modelNameOrPath], adapter: adapter, settings: settings)
    }
}
