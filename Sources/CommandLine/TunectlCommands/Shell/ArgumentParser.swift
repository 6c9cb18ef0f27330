import LinuxSystem
import RunConfiguration

/// Reads a command line by the descriptions of the commands.
package enum ArgumentParser {
    /// - Parameter arguments: without the program's name.
    package static func parse(_ arguments: [String]) throws -> Invocation {
        var rest = arguments[...]
        var values: [String: String] = [:]
        while let first = rest.first, first.hasPrefix("-"), first != "-" {
            // Before a verb stand options that every command has; without one, those of a conversation too.
            try readOption(&rest, Command.chat.allOptions + [versionOption], "tunectl", &values)
        }
        // Without a verb a conversation begins; `--help` alone asks for everything.
        guard let verb = rest.first, !isOverride(verb) else {
            let asksForVersion = values.removeValue(forKey: versionOption.name) != nil
            let command = values.keys.contains("help") ? Command.help : asksForVersion ? .version : .chat
            return try parse(rest, command, values)
        }
        rest.removeFirst()
        guard let command = Commands.named(verb) else {
            if let refusal = ForeignSpelling.refusal(of: verb) { throw refusal }
            let nearest = Commands.nearestName(to: verb).map { "did you mean `\($0)`?" }
            throw CommandFailure.usage("there is no command `\(verb)`", hint: nearest ?? "tunectl help lists them")
        }
        if let misplaced = values.keys.sorted().first(where: { name in !command.allOptions.contains { $0.name == name }
        }) {
            throw CommandFailure.usage("`\(command.name)` has no option `--\(misplaced)`")
        }
        return try parse(rest, command, values)
    }

    /// The question that every program is asked so.
    private static let versionOption = Command.Option.flag("version", Command.version.summary)

    private static func parse(_ arguments: ArraySlice<String>, _ command: Command, _ given: [String: String]) throws
        -> Invocation
    {
        var rest = arguments
        var values = given
        var positionals: [String] = []
        var overrides: [String] = []
        while let argument = rest.first {
            if argument == "--" {
                positionals += rest.dropFirst()
                break
            }
            if argument.hasPrefix("-"), argument != "-", !isNegativeNumber(argument) {
                try readOption(&rest, command.allOptions, command.name, &values)
                continue
            }
            rest.removeFirst()
            let isFull = positionals.count >= command.positionals.count(where: \.isRequired)
            if command.takesOverrides, isFull, isOverride(argument) {
                overrides.append(argument)
            } else {
                positionals.append(argument)
            }
        }
        let invocation = Invocation(
            command: command, positionals: positionals, overrides: overrides, values: values)
        if !invocation.has("help") { try check(invocation) }
        return invocation
    }

    private static func check(_ invocation: Invocation) throws {
        let command = invocation.command
        let keys = invocation.overrides.map { String($0.prefix { $0 != "=" && $0 != "." }) }
        if let secret = keys.first(where: { Parameters.named($0)?.isSecret ?? false }) {
            throw CommandFailure.usage(
                "`\(secret)` on a command line can be read by everybody on this machine",
                hint: "put it into the file, or set HF_TOKEN, MODELSCOPE_API_TOKEN or OPENMIND_HUB_TOKEN")
        }
        let expected = command.positionals
        if let missing = expected.dropFirst(invocation.positionals.count).first, missing.isRequired {
            throw CommandFailure.usage(
                "`\(command.name)` needs \(missing.name)", hint: "usage: \(HelpText.usage(of: command))")
        }
        if invocation.has("jsonl"), !expected.contains(where: \.isRequired), let text = invocation.positionals.first {
            throw CommandFailure.usage(
                "`\(command.name) --jsonl` reads standard input and does not take `\(text)`",
                hint: "usage: \(HelpText.usage(of: command))")
        }
        if !(expected.last?.repeats ?? false), invocation.positionals.count > expected.count {
            throw CommandFailure.usage(
                "`\(command.name)` does not take `\(invocation.positionals[expected.count])`",
                hint: "usage: \(HelpText.usage(of: command))")
        }
    }

    private static func readOption(
        _ rest: inout ArraySlice<String>, _ options: [Command.Option], _ command: String,
        _ values: inout [String: String]
    ) throws {
        guard let argument = rest.popFirst() else { return }
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let attached = parts.count == 2 ? parts[1] : nil
        guard let option = options.first(where: { "--\($0.name)" == parts[0] || $0.short.map { "-\($0)" } == parts[0] })
        else {
            let nearest = options.map { "--\($0.name)" }
                .min { EditDistance.between($0, parts[0], atMost: 40) < EditDistance.between($1, parts[0], atMost: 40) }
            let hint = nearest.flatMap {
                EditDistance.between($0, parts[0], atMost: 3) <= 3 ? "did you mean `\($0)`?" : nil
            }
            throw CommandFailure.usage("`\(command)` has no option `\(parts[0])`", hint: hint)
        }
        switch (option.value, attached) {
        case (nil, nil): values[option.name] = ""
        case (nil, .some): throw CommandFailure.usage("`--\(option.name)` takes no value")
        // A shell expands `~` at the beginning of a word only.
        case (.some, let attached?):
            let isPath = option.kind == .file || option.kind == .directory
            values[option.name] = isPath ? HomeFolder.expand(attached) : attached
        case (.some(let name), nil):
            if option.valueIsOptional {
                values[option.name] = ""
            } else if let value = rest.popFirst() {
                values[option.name] = value
            } else {
                throw CommandFailure.usage("`--\(option.name)` needs a value: \(name)")
            }
        }
    }

    /// Whether an argument reads as `key=value` rather than as a text with an equals sign in it.
    static func isOverride(_ argument: String) -> Bool {
        guard let end = argument.firstIndex(of: "="), end > argument.startIndex else { return false }
        return argument[..<end].utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                || byte == 0x5F || byte == 0x2E
        }
    }

    private static func isNegativeNumber(_ argument: String) -> Bool {
        argument.dropFirst().first?.isNumber ?? false
    }
}
