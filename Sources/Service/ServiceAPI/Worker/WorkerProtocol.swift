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
        /// Bytes of tensors below which a layer keeps its activations, as the job's plan found.
        package var keepBelowBytes: Int?

        package init(
            job: String, config: ConfigurationSource, overrides: [String], workingDirectory: String?, attempt: Int,
            threads: Int, keepBelowBytes: Int?
        ) {
            self.job = job
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.attempt = attempt
            self.threads = threads
            self.keepBelowBytes = keepBelowBytes
        }

        enum CodingKeys: String, CodingKey {
            case job, config, overrides, attempt, threads
            case keepBelowBytes = "keep_below_bytes"
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

/// Merges and writes a model; parameters and result are those of `worker.train`.
package enum WorkerExport {
    package static let name = "worker.export"
}

/// Answers the lines of a JSON Lines file one after another; the result is that of `worker.train`.
package enum WorkerGenerateBatch {
    package static let name = "worker.generate_batch"

    package struct Parameters: Codable, Sendable {
        package var job: String
        package var config: ConfigurationSource
        package var overrides: [String]
        package var workingDirectory: String?
        /// Absolute path of the file.
        package var input: String
        /// 1 for the first worker of this job.
        package var attempt: Int
        package var threads: Int

        package init(
            job: String, config: ConfigurationSource, overrides: [String], workingDirectory: String?, input: String,
            attempt: Int, threads: Int
        ) {
            self.job = job
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.input = input
            self.attempt = attempt
            self.threads = threads
        }

        enum CodingKeys: String, CodingKey {
            case job, config, overrides, input, attempt, threads
            case workingDirectory = "working_directory"
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
    /// `cancel`, `pause` or `shutdown`.
    package var reason: String

    package init(reason: String) { self.reason = reason }
}

/// Asks for a checkpoint after the update at hand; answered with a `JobCheckpoint` when it is complete.
package enum WorkerCheckpoint {
    package static let name = "worker.checkpoint"
}

/// Notification to a worker: compute nothing for so long, then go on unless told again.
///
/// The time runs out by itself, so that a lost message cannot hold a job up for ever.
package struct WorkerYield: Codable, Sendable {
    package static let name = "worker.yield"
    package var seconds: Double

    package init(seconds: Double) { self.seconds = seconds }
}

/// Notification to a worker: go on after `worker.yield`.
package enum WorkerContinue {
    package static let name = "worker.continue"
}

/// Notification from a model's worker: the adapters that it holds now.
package struct WorkerAdapters: Codable, Sendable {
    package static let name = "worker.adapters"
    package var adapters: [ResidentAdapter]

    package init(adapters: [ResidentAdapter]) { self.adapters = adapters }
}

/// Notification to a model's worker: the folders of its user's rights (`ReadingRights`) are others from now on.
package struct WorkerReading: Codable, Sendable {
    package static let name = "worker.reading"
    package var closed: [String]
    package var open: [String]

    package init(closed: [String], open: [String]) {
        self.closed = closed
        self.open = open
    }
}

/// Names of the requests to a resident model.
package enum WorkerMethod {
    package static let load = "worker.load"
    package static let loadAdapter = "worker.adapter.load"
    package static let unloadAdapter = "worker.adapter.unload"
    package static let tokenize = "worker.tokenize"
    package static let detokenize = "worker.detokenize"
    package static let logProbabilities = "worker.logprobs"
    package static let score = "worker.score"
    package static let generate = "worker.generate"
    package static let chat = "worker.chat"
    /// The output descriptor comes with the request.
    package static let preview = "worker.preview"
    /// Parameters and result of `config.files`.
    package static let files = "worker.files"
    /// Beside a request's parameters: how the model is read, `key=value` each.
    package static let modelSettings = "model_settings"
    /// What the worker is: see `WorkerInfo`.
    package static let info = "worker.info"
}

/// The answer of `worker.info` and `worker.load`.
package struct WorkerInfo: Codable, Sendable {
    package var openBLASCoreName: String?
    package var kernels: String
    package var threads: Int
    package var weightsLoaded: Bool
    /// What the files of the model that was loaded say in vain.
    package var warnings: [String]?

    package init(openBLASCoreName: String?, kernels: String, threads: Int, weightsLoaded: Bool) {
        self.openBLASCoreName = openBLASCoreName
        self.kernels = kernels
        self.threads = threads
        self.weightsLoaded = weightsLoaded
    }

    enum CodingKeys: String, CodingKey {
        case kernels, threads, warnings
        case openBLASCoreName = "openblas_core_name"
        case weightsLoaded = "weights_loaded"
    }
}
