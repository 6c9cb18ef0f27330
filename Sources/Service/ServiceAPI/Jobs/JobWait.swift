package enum JobWait: ServiceMethod {
    package static let name = "job.wait"
    package static let summary = "Answers when all of the jobs have ended, or with the error `timeout`."
    package static let parameters = [
        MethodParameter("jobs", "array", required: true, "the jobs' ids"),
        MethodParameter("timeout", "number", "seconds to wait at most"),
    ]
    package static let errors: [ErrorKind] = [.cancelled, .notFound, .timeOut]

    package struct Parameters: Codable, Sendable {
        package var jobs: [String]
        package var timeout: Double?

        package init(jobs: [String], timeout: Double? = nil) {
            self.jobs = jobs
            self.timeout = timeout
        }
    }

    /// The jobs in the order of the request.
    package typealias Result = JobList.Result
}
