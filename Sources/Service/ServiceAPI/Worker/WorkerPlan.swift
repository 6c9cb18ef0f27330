/// Plans a run: `worker.plan`, in a worker that does nothing else. Answered with a `MemoryPlan`.
package enum WorkerPlan {
    package static let name = "worker.plan"

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]
        package var workingDirectory: String?
        /// Threads for computing, 0 for as many as there are processors.
        package var threads: Int
        /// Bytes that the run may hold; a plan above comes with what would fit.
        package var budget: Int?
        /// Bytes within which layers keep their activations where the configuration leaves that open.
        package var share: Int?
        /// The machine's speed where it is known; measured otherwise.
        package var speed: MemoryPlan.Speed?

        package init(
            config: ConfigurationSource, overrides: [String], workingDirectory: String?, threads: Int, budget: Int?,
            share: Int?, speed: MemoryPlan.Speed?
        ) {
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.threads = threads
            self.budget = budget
            self.share = share
            self.speed = speed
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, threads, budget, share, speed
            case workingDirectory = "working_directory"
        }
    }
}
