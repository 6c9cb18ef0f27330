package enum JobList: ServiceMethod {
    package static let name = "job.list"
    package static let summary = "The jobs, the newest first."
    package static let parameters = [
        MethodParameter("states", "array", "only jobs in these states"),
        MethodParameter("limit", "integer", "at most so many, 100 by default"),
        MethodParameter("kinds", "array", "only jobs of these kinds"),
    ]

    package struct Parameters: Codable, Sendable {
        package var states: [JobState]?
        package var limit: Int?
        package var kinds: [JobKind]?

        package init(states: [JobState]? = nil, limit: Int? = nil, kinds: [JobKind]? = nil) {
            self.states = states
            self.limit = limit
            self.kinds = kinds
        }
    }

    package struct Result: Codable, Sendable {
        package var jobs: [Job]

        package init(jobs: [Job]) { self.jobs = jobs }
    }
}
