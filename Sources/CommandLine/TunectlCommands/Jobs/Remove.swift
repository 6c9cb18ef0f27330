import JSONDocuments
import ServiceAPI

extension Command {
    static let remove = Command(
        "rm", "forget jobs that have ended", positionals: [.several("JOB", .job)],
        options: [.flag("purge", "remove their logs and metrics too")],
        details: "What a job has written to its output directory is never touched."
    ) { invocation, context in
        var removed: [JobRow] = []
        let code = try onEachJob(invocation.positionals, context) { id, client in
            let job = try client.call(
                JobRemove.self, JobRemove.Parameters(job: id, purge: invocation.has("purge") ? true : nil))
            removed.append(JobRow(value: job))
            return job
        }
        if !removed.isEmpty { context.say("removed: " + removed.map(\.id).joined(separator: ", ")) }
        return code
    }
}
