package enum JobPrioritize: ServiceMethod {
    package static let name = "job.prioritize"
    package static let summary = "Changes a job's priority; one that runs is not disturbed."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job's id"),
        MethodParameter("priority", "integer", required: true, "higher runs earlier"),
    ]
    package static let errors: [ErrorKind] = [.conflict, .diskFull, .notFound]

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var priority: Int

        package init(job: String, priority: Int) {
            self.job = job
            self.priority = priority
        }
    }

    package typealias Result = Job
}
