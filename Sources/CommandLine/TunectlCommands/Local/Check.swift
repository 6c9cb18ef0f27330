import JSONDocuments
import RunConfiguration
import TerminalOutput

extension Command {
    static let check = Command(
        "check", "validate a configuration file without a daemon",
        positionals: [.one("FILE", .file)],
        options: [.flag("inference", "check it for chat and generation instead of training")],
        takesOverrides: true,
        details: """
            Reads FILE (- is standard input) as the service would, with overrides, and prints every problem with its
            place, then a note for each parameter that is accepted but changes nothing here. Exit code 78 if there
            is a problem.
            """
    ) { invocation, context in
        let file = try ConfigurationFile(invocation, context)
        var (configuration, problems) = RunConfiguration.read(
            yaml: file.text, name: file.name, overrides: invocation.overrides)
        problems += configuration.problems(for: invocation.has("inference") ? .inference : .training)
        if context.wantsJSON {
            context.printJSON([
                "file": .string(file.name), "valid": .bool(problems.isEmpty),
                "errors": .array(problems.map { CommandFailure($0).json["error"] ?? .null }),
                "notes": .array(configuration.notes.map(JSONValue.string)),
            ])
        } else {
            for problem in problems { context.errors.write("error: \(problem)\n") }
            for note in configuration.notes { context.output.write("note: \(note)\n") }
            if problems.isEmpty {
                context.say("\(file.name) is valid")
            } else {
                context.say("\(file.name): \(problems.count) \(problems.count == 1 ? "problem" : "problems")")
            }
        }
        return problems.isEmpty ? .success : .badConfiguration
    }
}

/// A configuration file that was named on the command line.
struct ConfigurationFile {
    let name: String
    let text: String

    init(_ invocation: Invocation, _ context: CommandContext) throws {
        let path = invocation.positionals[0]
        name = path == "-" ? "standard input" : path
        text = path == "-" ? try context.input.remainingText() : try context.text(ofFile: path)
    }
}
