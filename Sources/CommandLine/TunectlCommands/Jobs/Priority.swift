import JSONDocuments
import ServiceAPI

extension Command {
    static let priority = Command(
        "priority", "change the priority of jobs",
        positionals: [.one("NUMBER", .text), .several("JOB", .job)],
        details: "Jobs with a higher number start earlier; the usual one is 0. A job that runs is not disturbed."
    ) { invocation, context in
        guard let number = Int(invocation.positionals[0]) else {
            throw CommandFailure.usage("a priority is an integer, not `\(invocation.positionals[0])`")
        }
        return try onEachJob(Array(invocation.positionals.dropFirst()), context) { id, client in
            try client.call(JobPrioritize.self, JobPrioritize.Parameters(job: id, priority: number))
        }
    }
}
