import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let metrics = Command(
        "metrics", "print a job's figures, one JSON object a line", positionals: [.one("JOB", .job)],
        options: [
            .value("since", "SEQ", "only what follows this number"),
            .flag("follow", short: "f", "go on until the job ends"),
        ]
    ) { invocation, context in
        let client = try context.client()
        guard var since = Int64(invocation.value("since") ?? "0") else {
            throw CommandFailure.usage("--since takes the seq of a record")
        }
        while true {
            let result = try client.call(
                JobMetrics.self, JobMetrics.Parameters(job: invocation.positionals[0], since: since))
            let records = result["metrics"]?.array ?? []
            for record in records {
                guard context.output.write(record.serialized(.compact) + "\n") else { return .success }
            }
            since = result["since"]?.integer ?? since
            if result["complete"]?.bool ?? true { return .success }
            if records.isEmpty {
                if !invocation.has("follow") { return .success }
                try context.pause(0.5)
            }
        }
    }
}
