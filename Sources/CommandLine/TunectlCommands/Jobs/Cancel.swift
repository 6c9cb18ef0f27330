import JSONDocuments
import ServiceAPI

extension Command {
    static let cancel = Command(
        "cancel", "cancel jobs", positionals: [.several("JOB", .job)],
        details: "Of several jobs, the exit code is the largest of theirs."
    ) { invocation, context in
        var worst = ExitCode.success
        var rows: [JobRow] = []
        let client = try context.client()
        for id in invocation.positionals {
            do {
                rows.append(JobRow(value: try client.call(JobCancel.self, JobReference(job: id))))
            } catch let failure as CommandFailure where failure.kind != "unreachable" && failure.kind != "interrupted" {
                context.tell(failure)
                worst = max(worst, failure.exitCode)
            }
        }
        if context.wantsJSON {
            if !rows.isEmpty { context.list(rows) }
        } else {
            for row in rows { context.say("job \(row.id): \(row.state)") }
        }
        return worst
    }
}
