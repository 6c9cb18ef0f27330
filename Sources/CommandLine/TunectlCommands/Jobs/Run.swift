import JSONDocuments

extension Command {
    static let run = Command(
        "run", aliases: ["train"], "submit a training run, watch it and end as it does",
        positionals: [.one("FILE", .file)],
        options: submissionOptions + [
            .flag("cancel-on-interrupt", "cancel the job on Ctrl-C and wait for its end, instead of detaching")
        ],
        takesOverrides: true,
        details: """
            As submit, then watch. Ctrl-C detaches and leaves the job running; exit code 130.
            With --json, prints the finished job as one object.
            """
    ) { invocation, context in
        let job = try submitJob(invocation, context)
        guard let id = job["id"]?.string else {
            throw CommandFailure(kind: "internal", message: "the service did not name the new job")
        }
        context.say("job \(id) -> \(job["output_dir"]?.string ?? "?")")
        for note in job["notes"]?.array?.compactMap(\.string) ?? [] { context.say("note: \(note)") }
        return try watchJob(
            id, context, streamsEvents: false, cancelsOnInterrupt: invocation.has("cancel-on-interrupt"))
    }
}
