import JSONDocuments
import ServiceAPI

extension Command {
    static let jobs = Command(
        "jobs", aliases: ["ps"], "list jobs",
        options: [.value("state", "STATE", "only jobs in this state")]
    ) { invocation, context in
        let states = try invocation.value("state").map { text in
            try text.split(separator: ",").map { word in
                guard let state = JobState(rawValue: String(word)) else {
                    throw CommandFailure.usage(
                        "there is no state `\(word)`",
                        hint: "states are " + JobState.allCases.map(\.rawValue).joined(separator: ", "))
                }
                return state
            }
        }
        context.list(try Jobs.fetch(context, states: states))
        return .success
    }
}

enum Jobs {
    /// The jobs, the newest first.
    static func fetch(_ context: CommandContext, states: [JobState]? = nil) throws -> [JobRow] {
        let result = try context.client().call(JobList.self, JobList.Parameters(states: states))
        return (result["jobs"]?.array ?? []).map(JobRow.init)
    }
}
