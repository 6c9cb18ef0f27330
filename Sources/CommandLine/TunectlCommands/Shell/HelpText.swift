import TerminalOutput

/// Help, made from the commands' descriptions.
package enum HelpText {
    package static func overview() -> String {
        var text = """
            tunectl - fine-tune and talk to language models through the finetuned daemon

            usage: tunectl COMMAND [ARGUMENT...] [--OPTION...] [key=value...]
                   tunectl [--model DIR] [--adapter DIR] [key=value...]    a conversation
                   tunectl --version


            """
        let width = Commands.all.map(\.name.count).max() ?? 0
        for command in Commands.all {
            text += "  \(TextColumns.padded(command.name, to: width))  \(command.summary)\n"
        }
        text += """

            tunectl help COMMAND explains one. Every command takes --json, --plain, --quiet and --socket PATH; without
            it the socket is $FINETUNED_SOCKET, else the first that exists of $XDG_RUNTIME_DIR/finetuned.sock and
            ~/.local/state/finetuned/finetuned.sock, else /run/finetuned/finetuned.sock.

            Exit codes: 0 ok; 1 the job failed; 2 usage; 3 cancelled; 65 bad data; 66 no input; 69 daemon unreachable;
            70 internal; 73 cannot create; 75 try later; 77 permission; 78 bad configuration; 124 time-out;
            130 interrupted.

            """
        return text
    }

    package static func text(of command: Command) -> String {
        var text = "\(command.name) - \(command.summary)\n\nusage: \(usage(of: command))\n"
        if !command.aliases.isEmpty { text += "also: \(command.aliases.joined(separator: ", "))\n" }
        if !command.details.isEmpty { text += "\n\(command.details)\n" }
        text += "\noptions:\n"
        let names = command.allOptions.map(spelling)
        let width = names.map(\.count).max() ?? 0
        for (option, name) in zip(command.allOptions, names) {
            text += "  \(TextColumns.padded(name, to: width))  \(option.help)\n"
        }
        return text
    }

    package static func usage(of command: Command) -> String {
        var parts = ["tunectl", command.name]
        for positional in command.positionals {
            let name = positional.repeats ? positional.name + "..." : positional.name
            parts.append(positional.isRequired ? name : "[\(name)]")
        }
        parts += command.options.map { "[--\($0.name)\($0.value.map { " \($0)" } ?? "")]" }
        if command.takesOverrides { parts.append("[key=value...]") }
        return parts.joined(separator: " ")
    }

    static func spelling(_ option: Command.Option) -> String {
        let short = option.short.map { "-\($0), " } ?? "    "
        let value = option.value.map { option.valueIsOptional ? "[=\($0)]" : " \($0)" } ?? ""
        return "\(short)--\(option.name)\(value)"
    }
}
