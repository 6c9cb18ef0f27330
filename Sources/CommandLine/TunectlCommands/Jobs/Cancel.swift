import JSONDocuments
import ServiceAPI

extension Command {
    static let cancel = jobVerb(
        "cancel", "cancel jobs; running ones keep a checkpoint", JobCancel.self
    ) { JobReference(job: $0) }

    static let pause = jobVerb(
        "pause", aliases: ["hold"], "write a checkpoint and give the job's place free, until resume", JobPause.self
    ) { JobReference(job: $0) }

    static let resume = jobVerb(
        "resume", aliases: ["release"], "put paused jobs back into the queue", JobResume.self
    ) { JobReference(job: $0) }

    static let requeue = jobVerb(
        "requeue", "run failed or cancelled jobs again, from their newest checkpoint", JobRequeue.self
    ) { JobReference(job: $0) }

    /// A command that does the same to each of the jobs it names and goes on after one that refuses.
    private static func jobVerb<Method: ServiceMethod>(
        _ name: String, aliases: [String] = [], _ summary: String, _ method: Method.Type,
        _ parameters: @escaping @Sendable (String) -> Method.Parameters
    ) -> Command {
        Command(
            name, aliases: aliases, summary, positionals: [.several("JOB", .job)],
            details: "Of several jobs, the exit code is the largest of theirs."
        ) { invocation, context in
            try onEachJob(invocation.positionals, context) { id, client in
                try client.call(method, parameters(id))
            }
        }
    }

    /// Calls once for each job and shows the jobs that come back.
    static func onEachJob(
        _ ids: [String], _ context: CommandContext, _ call: (String, ServiceClient) throws -> JSONValue
    ) throws -> ExitCode {
        var worst = ExitCode.success
        var rows: [JobRow] = []
        let client = try context.client()
        for id in ids {
            do {
                rows.append(JobRow(value: try call(id, client)))
            } catch let failure as CommandFailure where failure.kind != "unreachable" && failure.kind != "interrupted" {
                context.tell(failure)
                worst = max(worst, failure.exitCode)
            }
        }
        if context.wantsJSON {
            if !rows.isEmpty { context.list(rows) }
        } else {
            for row in rows { context.say("job \(row.id): \(row.stateText)") }
        }
        return worst
    }
}
