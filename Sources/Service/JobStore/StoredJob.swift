import JSONDocuments
package import ServiceAPI

/// A job with what only the daemon needs to know of it.
package struct StoredJob: Sendable {
    package var job: Job
    package var config: ConfigurationSource
    package var overrides: [String]
    package var clientToken: String?
    /// `output_dir` resolved to an absolute path.
    package var outputPath: String
    /// Attempts that ended by themselves with a transient failure.
    package var failures: Int
    package var cancelRequested: Bool

    package init(
        job: Job, config: ConfigurationSource, overrides: [String], clientToken: String?, outputPath: String
    ) {
        self.job = job
        self.config = config
        self.overrides = overrides
        self.clientToken = clientToken
        self.outputPath = outputPath
        failures = 0
        cancelRequested = false
    }
}
