package enum JobWatch: ServiceMethod {
    package static let name = "job.watch"
    package static let summary =
        "Follows a job: job.snapshot at once, job.event for everything after `since`, the answer when the job ends."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job's id"),
        MethodParameter("since", "integer", "the last seq already seen, 0 for all"),
    ]

    package static let errors: [ErrorKind] = [.cancelled, .notFound]

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var since: Int64?

        package init(job: String, since: Int64? = nil) {
            self.job = job
            self.since = since
        }
    }

    package typealias Result = Job
}
