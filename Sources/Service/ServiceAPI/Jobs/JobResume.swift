package enum JobResume: ServiceMethod {
    package static let name = "job.resume"
    package static let summary =
        "Puts a paused job back into the queue; it goes on from its checkpoint."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.conflict, .diskFull, .notFound]
    package typealias Parameters = JobReference
    package typealias Result = Job
}
