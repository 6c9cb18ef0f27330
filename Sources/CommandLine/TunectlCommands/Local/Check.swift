import JSONDocuments
import RunConfiguration
import ServiceAPI
import TerminalOutput

extension Command {
    static let check = Command(
        "check", "validate a configuration file, and look at its model and data",
        positionals: [.one("FILE", .file)],
        options: [
            .flag("inference", "check it for chat and generation instead of training"),
            .flag("no-data", "do not prepare the data to look at it"),
        ],
        takesOverrides: true,
        details: """
            Reads FILE (- is standard input) as the service would, with overrides, and prints every problem with its
            place, then a note for each parameter that is accepted but changes nothing here. Exit code 78 if there
            is a problem. No daemon is needed for that; where one answers, the model's files are looked at (what
            lora_target names has to be there) and the data is prepared as for training, and what is cut, dropped,
            repeated or not trained on is told as well.
            """
    ) { invocation, context in
        let file = try ConfigurationFile(invocation, context)
        var (configuration, problems) = RunConfiguration.read(
            yaml: file.text, name: file.name, overrides: invocation.overrides)
        problems += configuration.problems(for: invocation.has("inference") ? .inference : configuration.usualPurpose)
        let look =
            problems.isEmpty && !invocation.has("inference") && !invocation.has("no-data")
                && configuration.usualPurpose == .training
            ? Result { try dataWarnings(file, invocation, context) } : .success(nil)
        if context.wantsJSON {
            var report: JSONObject = [
                "file": .string(file.name), "valid": .bool(problems.isEmpty),
                "errors": .array(problems.map { CommandFailure($0).json["error"] ?? .null }),
                "notes": .array(configuration.notes.map(JSONValue.string)),
            ]
            report["data"] = try look.get()
            context.printJSON(.object(report))
        } else {
            for problem in problems { context.errors.write("error: \(problem)\n") }
            for note in configuration.notes { context.output.write("note: \(note)\n") }
            if problems.isEmpty {
                let data = try look.get()
                for warning in data?["warnings"]?.array ?? [] {
                    context.output.write("warning: \(warning.string ?? "")\n")
                }
                context.say("\(file.name) is valid\(data == nil ? "" : ", and so is its data")")
            } else {
                context.say("\(file.name): \(problems.count) \(problems.count == 1 ? "problem" : "problems")")
            }
        }
        return problems.isEmpty ? .success : .badConfiguration
    }

    /// What the service says of the run's data; nil where no daemon answers.
    private static func dataWarnings(
        _ file: ConfigurationFile, _ invocation: Invocation, _ context: CommandContext
    ) throws -> JSONValue? {
        guard let client = context.clientIfThere() else { return nil }
        let config = ConfigurationSource(text: file.text, name: file.name)
        let inputs = try InputFiles(
            of: config, overrides: invocation.overrides, weights: false, context: context)
        return try client.call(
            DatasetPreview.self,
            DatasetPreview.Parameters(
                config: config, overrides: invocation.overrides, format: DatasetPreview.Format.none, checksModel: true,
                workingDirectory: context.workingDirectory, files: inputs.files),
            passing: inputs.descriptors, onInterrupt: .cancelCall)
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
