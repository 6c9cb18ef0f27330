package enum JobPause: ServiceMethod {
    package static let name = "job.pause"
    package static let summary =
        "Ends a job's worker after a durable checkpoint, or takes a job out of the queue, until job.resume."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.conflict, .diskFull, .notFound]
    package typealias Parameters = JobReference
    package typealias Result = Job
}
