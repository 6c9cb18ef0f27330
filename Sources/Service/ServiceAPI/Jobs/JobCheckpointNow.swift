package enum JobCheckpointNow: ServiceMethod {
    package static let name = "job.checkpoint"
    package static let summary = "Writes a checkpoint of a running job now; the answer names it when it is complete."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.conflict, .diskFull, .notFound]
    package typealias Parameters = JobReference
    package typealias Result = JobCheckpoint
}
