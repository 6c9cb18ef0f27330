package enum JobRemove: ServiceMethod {
    package static let name = "job.remove"
    package static let summary = "Forgets a job that has ended. What it has written to its output directory stays."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job's id"),
        MethodParameter("purge", "boolean", "remove its log and metrics too"),
    ]
    package static let errors: [ErrorKind] = [.conflict, .diskFull, .notFound]

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var purge: Bool?

        package init(job: String, purge: Bool? = nil) {
            self.job = job
            self.purge = purge
        }
    }

    /// The job as it was.
    package typealias Result = Job
}
