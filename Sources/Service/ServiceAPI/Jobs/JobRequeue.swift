package enum JobRequeue: ServiceMethod {
    package static let name = "job.requeue"
    package static let summary =
        "Puts a failed or cancelled job back into the queue; it goes on from its newest checkpoint."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.conflict, .diskFull, .notFound]
    package typealias Parameters = JobReference
    package typealias Result = Job
}
