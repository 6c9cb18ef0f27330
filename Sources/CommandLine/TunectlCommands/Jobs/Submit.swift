import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let submissionOptions: [Option] = [
        .value("priority", "NUMBER", "jobs with a higher number start earlier"),
        .value("after", "JOB", "start when these jobs have succeeded, with commas between them", kind: .job),
        .value("kind", "KIND", "train, evaluate, export or generate; by default what the file asks for"),
        .value("input", "FILE", "the JSON Lines file that a generate job answers, as generate --jsonl", kind: .file),
        .value("token", "TEXT", "submit once only, however often this is repeated with the same text"),
    ]

    static let submit = Command(
        "submit", "submit a training run and print its job id",
        positionals: [.one("FILE", .file)], options: submissionOptions, takesOverrides: true,
        details: """
            FILE is a LLaMA-Factory YAML or JSON file (- is standard input); key=value arguments win over it.
            Relative paths in it start from the current directory. A folder may be named job:N, which is the output
            directory of job N; this job then waits for that one.
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
    ///
    /// - Parameter kind: what it has to be; nil for what the command line or the file says
    static func submitJob(
        _ invocation: Invocation, _ context: CommandContext, kind: String? = nil
    ) throws -> JSONValue {
        let file = try ConfigurationFile(invocation, context)
        let config = ConfigurationSource(text: file.text, name: file.name)
        let inputs = try InputFiles(
            of: config, overrides: invocation.overrides, input: invocation.value("input"), context: context)
        return try context.client().call(
            JobSubmit.self,
            JobSubmit.Parameters(
                config: config, overrides: invocation.overrides, workingDirectory: context.workingDirectory,
                clientToken: submissionToken(invocation), priority: try submissionPriority(invocation),
                after: invocation.value("after")?.split(separator: ",").map(String.init),
                kind: kind ?? invocation.value("kind"), input: invocation.value("input"),
                files: inputs.files),
            passing: inputs.descriptors)
    }

    static func submissionPriority(_ invocation: Invocation) throws -> Int? {
        try invocation.value("priority").map { text in
            guard let number = Int(text) else { throw CommandFailure.usage("--priority takes an integer") }
            return number
        }
    }

    /// The token that was given, else one that no other submission has, so that a repeated request cannot double a job.
    static func submissionToken(_ invocation: Invocation) -> String {
        if let token = invocation.value("token") { return token }
        var generator = SystemRandomNumberGenerator()
        return "tunectl-" + String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    }
}
