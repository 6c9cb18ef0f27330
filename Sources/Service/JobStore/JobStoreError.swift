package enum JobStoreError: Error, Equatable, CustomStringConvertible {
    /// The store was written by a later version.
    case newerSchema(migration: String)
    case noSuchJob(String)
    case diskFull(String, available: Int?)
    /// The operating system could not read or write it.
    case inputOutput(String)
    case failed(String)

    package var description: String {
        switch self {
        case .newerSchema(let migration):
            "the job store has the schema step \"\(migration)\", which this version does not know: it was written by "
                + "a newer finetuned; run that one, or choose another --state-dir"
        case .noSuchJob(let id): "there is no job \(id)"
        case .diskFull(let reason, let available):
            "the job store cannot be written: \(reason)"
                + (available.map { "; the file system has \($0) bytes left" } ?? "")
        case .inputOutput(let reason): "the job store cannot be read or written: \(reason)"
        case .failed(let reason): "the job store failed: \(reason)"
        }
    }
}
