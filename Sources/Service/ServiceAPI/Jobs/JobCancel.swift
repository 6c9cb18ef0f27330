package enum JobCancel: ServiceMethod {
    package static let name = "job.cancel"
    package static let summary = "Cancels a job. A running one stops at the next step and keeps a checkpoint."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.notFound]
    package typealias Parameters = JobReference
    /// The job as it is when the cancellation has been recorded; a running one reaches `cancelled` a little later.
    package typealias Result = Job
}
