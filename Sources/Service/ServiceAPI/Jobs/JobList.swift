package enum JobList: ServiceMethod {
    package static let name = "job.list"
    package static let summary = "The jobs, the newest first."
    package static let parameters = [
        MethodParameter("states", "array", "only jobs in these states"),
        MethodParameter("limit", "integer", "at most so many, 100 by default"),
    ]

    package struct Parameters: Codable, Sendable {
        package var states: [JobState]?
        package var limit: Int?

        package init(states: [JobState]? = nil, limit: Int? = nil) {
            self.states = states
            self.limit = limit
        }
    }

    package struct Result: Codable, Sendable {
        package var jobs: [Job]

        package init(jobs: [Job]) { self.jobs = jobs }
    }
}
