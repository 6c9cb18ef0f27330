import JSONDocuments

extension Command {
    static let cancelOnInterrupt = Option.flag(
        "cancel-on-interrupt", "cancel the job on Ctrl-C and wait for its end, instead of detaching")

    static let run = Command(
        "run", aliases: ["train"], "submit a training run, watch it and end as it does",
        positionals: [.one("FILE", .file)],
        options: submissionOptions + [cancelOnInterrupt],
        takesOverrides: true,
        details: """
            As submit, then watch. Ctrl-C detaches and leaves the job running; exit code 130.
            With --json, prints the finished job as one object.
            """
    ) { invocation, context in try runJob(invocation, context) }

    /// Submits a job, watches it and ends as it does.
    ///
    /// - Parameter kind: what it has to be; nil for what the command line or the file says
    static func runJob(_ invocation: Invocation, _ context: CommandContext, kind: String? = nil) throws -> ExitCode {
        let job = try submitJob(invocation, context, kind: kind)
        guard let id = job["id"]?.string else {
            throw CommandFailure(kind: "internal", message: "the service did not name the new job")
        }
        context.say("job \(id) -> \(job["output_dir"]?.string ?? "?")")
        for note in job["notes"]?.array?.compactMap(\.string) ?? [] { context.say("note: \(note)") }
        return try watchJob(
            id, context, streamsEvents: false, cancelsOnInterrupt: invocation.has("cancel-on-interrupt"))
    }
}
