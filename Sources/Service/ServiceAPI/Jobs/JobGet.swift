package enum JobGet: ServiceMethod {
    package static let name = "job.get"
    package static let summary = "One job. Other users see its state, size and times, but no names, paths and texts."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.notFound]
    /// Others see its state without names, paths and texts.
    package static let access = MethodAccess.everyone
    package typealias Parameters = JobReference
    package typealias Result = Job
}

/// Parameters of the methods that act on one job.
package struct JobReference: Codable, JobAddressing, Sendable {
    package var job: String

    package init(job: String) { self.job = job }
}
