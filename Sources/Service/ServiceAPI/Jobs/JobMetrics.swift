package enum JobMetrics: ServiceMethod {
    package static let name = "job.metrics"
    package static let summary = "A job's figures: training and evaluation records with their numbers as in job.watch."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job's id"),
        MethodParameter("since", "integer", "the last seq already seen, 0 for all"),
        MethodParameter("limit", "integer", "at most so many, 10000 by default"),
    ]
    package static let errors: [ErrorKind] = [.notFound]

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var since: Int64?
        package var limit: Int?

        package init(job: String, since: Int64? = nil, limit: Int? = nil) {
            self.job = job
            self.since = since
            self.limit = limit
        }
    }

    package struct Result: Codable, Sendable {
        package var metrics: [JobEvent]
        /// What to give as `since` in the next call.
        package var since: Int64
        /// Whether the job has ended and nothing follows.
        package var isComplete: Bool

        package init(metrics: [JobEvent], since: Int64, isComplete: Bool) {
            self.metrics = metrics
            self.since = since
            self.isComplete = isComplete
        }

        enum CodingKeys: String, CodingKey {
            case metrics, since
            case isComplete = "complete"
        }
    }
}
