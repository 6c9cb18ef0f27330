import JSONDocuments
package import ServiceAPI

/// A job with what only the daemon needs to know of it.
package struct StoredJob: Sendable {
    package var job: Job
    package var config: ConfigurationSource
    package var overrides: [String]
    package var clientToken: String?
    /// The folder of the files that came with the submission.
    package var inputs: String?
    /// `output_dir` resolved to an absolute path.
    package var outputPath: String
    /// Attempts that ended by themselves with a transient failure.
    package var failures: Int
    /// The number of its newest event.
    package var lastSequence: Int64

    package init(
        job: Job, config: ConfigurationSource, overrides: [String], clientToken: String?, outputPath: String
    ) {
        self.job = job
        self.config = config
        self.overrides = overrides
        self.clientToken = clientToken
        self.outputPath = outputPath
        failures = 0
        lastSequence = 0
    }
}

/// What the scheduler has to know of a job that has not ended.
package struct LiveJob: Sendable {
    package var id: String
    package var owner: UInt32
    package var kind: JobKind
    package var state: JobState
    package var priority: Int
    package var outputPath: String
    package var after: [String]
    package var threads: Int?
    package var memoryBytes: Int?
    /// Seconds that were left when it last told of its progress.
    package var remaining: Double?

    package init(_ stored: StoredJob) {
        let job = stored.job
        id = job.id
        owner = job.owner
        kind = job.kind
        state = job.state
        priority = job.priority
        outputPath = stored.outputPath
        after = job.after
        threads = job.threads
        memoryBytes = job.memoryBytes
        remaining = job.progress?.remaining
    }

    init(
        id: String, owner: UInt32, kind: JobKind, state: JobState, priority: Int, outputPath: String, after: [String],
        threads: Int?, memoryBytes: Int?, remaining: Double?
    ) {
        self.id = id
        self.owner = owner
        self.kind = kind
        self.state = state
        self.priority = priority
        self.outputPath = outputPath
        self.after = after
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.remaining = remaining
    }
}
