import JSONDocuments
import TerminalOutput

extension Command {
    static let help = Command(
        "help", "explain the commands", positionals: [.optional("COMMAND", .command)],
        options: [.value("manual", "PAGE", "print the manual page tunectl or finetuned-rpc, for man -l")]
    ) { invocation, context in
        if let name = invocation.value("manual") {
            guard let page = ClientManual.page(name) else {
                throw CommandFailure.usage(
                    "there is no manual page `\(name)` here",
                    hint: "tunectl and finetuned-rpc are; finetuned --manual has finetuned and finetuned.yaml")
            }
            context.output.write(page)
            return .success
        }
        guard let name = invocation.positionals.first else {
            if context.wantsJSON {
                context.printJSON(.array(Commands.all.map(description)))
            } else {
                context.output.write(HelpText.overview())
            }
            return .success
        }
        guard let command = Commands.named(name) else {
            throw CommandFailure.usage(
                "there is no command `\(name)`",
                hint: Commands.nearestName(to: name).map { "did you mean `\($0)`?" })
        }
        if context.wantsJSON {
            context.printJSON(description(of: command))
        } else {
            context.output.write(HelpText.text(of: command))
        }
        return .success
    }

    private static func description(of command: Command) -> JSONValue {
        [
            "name": .string(command.name), "aliases": .array(command.aliases.map(JSONValue.string)),
            "summary": .string(command.summary), "usage": .string(HelpText.usage(of: command)),
            "options": .array(
                command.allOptions.map {
                    [
                        "name": .string($0.name), "value": $0.value.map(JSONValue.string) ?? .null,
                        "help": .string($0.help),
                    ]
                }),
        ]
    }
}
