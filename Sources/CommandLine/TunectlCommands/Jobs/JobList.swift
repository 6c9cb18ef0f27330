import JSONDocuments

extension Command {
    static let jobs = Command(
        "jobs", aliases: ["ps"], "list jobs",
        options: [.value("state", "STATE", "only jobs in this state")]
    ) { invocation, context in
        var rows = try JobList.fetch(context)
        if let state = invocation.value("state") { rows = rows.filter { $0.state == state } }
        context.list(rows)
        return .success
    }
}

enum JobList {
    /// Every job, oldest first.
    static func fetch(_ context: CommandContext) throws -> [JobRow] {
        let result = try context.client().call("job.list", context.request([]))
        return ((result["jobs"] ?? result).array ?? []).map(JobRow.init)
    }
}
