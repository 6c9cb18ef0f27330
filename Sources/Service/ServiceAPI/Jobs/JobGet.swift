package enum JobGet: ServiceMethod {
    package static let name = "job.get"
    package static let summary = "One job."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package typealias Parameters = JobReference
    package typealias Result = Job
}

/// Parameters of the methods that act on one job.
package struct JobReference: Codable, Sendable {
    package var job: String

    package init(job: String) { self.job = job }
}
