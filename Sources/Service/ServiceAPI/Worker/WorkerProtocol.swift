package import JSONDocuments

// What the daemon asks of its workers, over a socket pair that the worker inherits. The daemon calls, the worker
// answers; nobody else speaks this. Requests to a resident model have the parameters of their public counterparts,
// with absolute paths.

/// Runs one training job to its end.
package enum WorkerTrain {
    package static let name = "worker.train"

    package struct Parameters: Codable, Sendable {
        package var job: String
        package var config: ConfigurationSource
        package var overrides: [String]
        package var workingDirectory: String?
        /// 1 for the first worker of this job.
        package var attempt: Int
        /// Threads for computing, 0 for as many as there are processors.
        package var threads: Int

        package init(
            job: String, config: ConfigurationSource, overrides: [String], workingDirectory: String?, attempt: Int,
            threads: Int
        ) {
            self.job = job
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.attempt = attempt
            self.threads = threads
        }

        enum CodingKeys: String, CodingKey {
            case job, config, overrides, attempt, threads
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        /// `finished`, or `stopped` after `worker.stop`.
        package var outcome: String
        /// The members of all_results.json.
        package var metrics: JSONObject

        package init(outcome: String, metrics: JSONObject) {
            self.outcome = outcome
            self.metrics = metrics
        }
    }
}

/// Notification from a worker: something for the job's event log.
package struct WorkerEvent: Codable, Sendable {
    package static let name = "worker.event"
    package var kind: JobEvent.Kind
    package var fields: JSONObject

    package init(kind: JobEvent.Kind, fields: JSONObject) {
        self.kind = kind
        self.fields = fields
    }
}

/// Notification to a worker: stop at the next step with a checkpoint, then answer `worker.train`.
package struct WorkerStop: Codable, Sendable {
    package static let name = "worker.stop"
    /// `cancel` or `shutdown`.
    package var reason: String

    package init(reason: String) { self.reason = reason }
}

/// Names of the requests to a resident model.
package enum WorkerMethod {
    package static let load = "worker.load"
    package static let tokenize = "worker.tokenize"
    package static let detokenize = "worker.detokenize"
    package static let logProbabilities = "worker.logprobs"
    package static let generate = "worker.generate"
    package static let chat = "worker.chat"
    /// The output descriptor comes with the request.
    package static let preview = "worker.preview"
    /// What the worker is: see `WorkerInfo`.
    package static let info = "worker.info"
}

/// The answer of `worker.info` and `worker.load`.
package struct WorkerInfo: Codable, Sendable {
    package var openBLASCoreName: String?
    package var kernels: String
    package var threads: Int
    package var weightsLoaded: Bool

    package init(openBLASCoreName: String?, kernels: String, threads: Int, weightsLoaded: Bool) {
        self.openBLASCoreName = openBLASCoreName
        self.kernels = kernels
        self.threads = threads
        self.weightsLoaded = weightsLoaded
    }

    enum CodingKeys: String, CodingKey {
        case kernels, threads
        case openBLASCoreName = "openblas_core_name"
        case weightsLoaded = "weights_loaded"
    }
}
