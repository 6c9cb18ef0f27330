import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let submissionOptions: [Option] = [
        .value("priority", "NUMBER", "jobs with a higher number start earlier"),
        .value("token", "TEXT", "submit once only, however often this is repeated with the same text"),
    ]

    static let submit = Command(
        "submit", "submit a training run and print its job id",
        positionals: [.one("FILE", .file)], options: submissionOptions, takesOverrides: true,
        details: """
            FILE is a LLaMA-Factory YAML or JSON file (- is standard input); key=value arguments win over it.
            Relative paths in it start from the current directory.
            """
    ) { invocation, context in
        let job = try submitJob(invocation, context)
        if context.wantsJSON {
            context.printJSON(job)
        } else {
            context.output.write((job["id"]?.string ?? "?") + "\n")
        }
        return .success
    }

    /// Submits the file that the command line names and returns the job object.
    static func submitJob(_ invocation: Invocation, _ context: CommandContext) throws -> JSONValue {
        let file = try ConfigurationFile(invocation, context)
        let priority = try invocation.value("priority").map { text in
            guard let number = Int(text) else { throw CommandFailure.usage("--priority takes an integer") }
            return number
        }
        return try context.client().call(
            JobSubmit.self,
            JobSubmit.Parameters(
                config: ConfigurationSource(text: file.text, name: file.name), overrides: invocation.overrides,
                workingDirectory: context.workingDirectory, clientToken: invocation.value("token") ?? randomToken(),
                priority: priority))
    }

    /// A token that no other submission has, so that a repeated request cannot double a job.
    private static func randomToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return "tunectl-" + String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    }
}
