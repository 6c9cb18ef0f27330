package import JSONDocuments

package enum JobState: String, CaseIterable, Codable, Sendable {
    case queued, waiting, running, paused, succeeded, failed, cancelled

    /// Whether nothing more will happen.
    package var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

package enum JobKind: String, CaseIterable, Codable, Sendable {
    case train, predict, evaluate, export, generate
}

/// What a running job was asked to become once its worker has stopped.
package enum JobWish: String, CaseIterable, Codable, Sendable {
    case cancel, pause
}

/// A job as every method that speaks of jobs shows it.
package struct Job: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var kind: JobKind
    package var state: JobState
    /// The user id of the submitter.
    package var owner: UInt32
    package var priority: Int
    package var outputDirectory: String
    package var workingDirectory: String?
    /// ISO 8601, UTC.
    package var submittedAt: String
    package var startedAt: String?
    package var finishedAt: String?
    /// How often a worker was started for it.
    package var attempt: Int
    package var progress: JobProgress?
    package var error: ServiceError?
    /// What its worker was asked to stop for and has not done yet.
    package var wish: JobWish?
    /// Jobs that must succeed before this one starts.
    package var after: [String]
    /// The job from whose checkpoint this one starts.
    package var forkedFrom: String?
    /// The newest checkpoint that it has told of.
    package var checkpoint: JobCheckpoint?
    /// Threads of its workers, the same for every attempt because results depend on them; nil before the first.
    package var threads: Int?
    /// How exactly a training job multiplies, decided when it was submitted: `highest`, `high` or `medium`.
    package var matmulPrecision: String?
    /// What is set aside for the job, in bytes.
    package var memoryBytes: Int?
    /// What it was planned to hold and what it held.
    package var memory: JobMemory?
    /// Its place among the jobs that wait for their turn, while it does.
    package var queue: QueuePlace?
    /// The JSON Lines file that a `generate` job reads.
    package var input: String?
    /// What the run reported at its end, for example `train_loss`.
    package var metrics: JSONObject?
    /// What was accepted without an effect here, one line each.
    package var notes: [String]

    package init(
        id: String, name: String, kind: JobKind, state: JobState, owner: UInt32, priority: Int,
        outputDirectory: String, workingDirectory: String?, submittedAt: String, attempt: Int = 0, notes: [String] = []
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.state = state
        self.owner = owner
        self.priority = priority
        self.outputDirectory = outputDirectory
        self.workingDirectory = workingDirectory
        self.submittedAt = submittedAt
        self.attempt = attempt
        self.notes = notes
        after = []
    }

    enum CodingKeys: String, CodingKey {
        case id, name, kind, state, owner, priority, attempt, progress, error, metrics, notes, wish, after
        case checkpoint, threads, queue, input, memory
        case forkedFrom = "forked_from"
        case memoryBytes = "memory_bytes"
        case matmulPrecision = "matmul_precision"
        case outputDirectory = "output_dir"
        case workingDirectory = "working_directory"
        case submittedAt = "submitted_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
    }
}

/// A job's checkpoint that is complete.
package struct JobCheckpoint: Codable, Equatable, Sendable {
    package var step: Int
    package var path: String

    package init(step: Int, path: String) {
        self.step = step
        self.path = path
    }
}

/// What a job was planned to hold and what its workers were seen to hold, in bytes.
package struct JobMemory: Codable, Equatable, Sendable {
    /// The most memory of its own, by its plan.
    package var plannedPeakBytes: Int
    /// Weight files that it maps, by its plan; these pages are shared.
    package var mappedWeightBytes: Int
    /// Bytes of tensors below which a layer keeps its activations, by its plan; nil where its configuration decides.
    package var keepBelowBytes: Int?
    /// The most memory of its own that was seen, twice a second.
    package var peakBytes: Int?

    package init(plannedPeakBytes: Int, mappedWeightBytes: Int, keepBelowBytes: Int?) {
        self.plannedPeakBytes = plannedPeakBytes
        self.mappedWeightBytes = mappedWeightBytes
        self.keepBelowBytes = keepBelowBytes
    }

    enum CodingKeys: String, CodingKey {
        case plannedPeakBytes = "planned_peak_bytes"
        case mappedWeightBytes = "mapped_weight_bytes"
        case keepBelowBytes = "keep_below_bytes"
        case peakBytes = "peak_bytes"
    }
}

/// Where a job stands in the queue.
package struct QueuePlace: Codable, Equatable, Sendable {
    /// 1 is the next to start.
    package var position: Int
    /// Seconds until it is expected to start; nil when nothing tells how long the jobs before it take.
    package var startsIn: Double?
    /// Why the head of the queue does not start yet.
    package var reason: String?

    package init(position: Int, startsIn: Double? = nil, reason: String? = nil) {
        self.position = position
        self.startsIn = startsIn
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case position, reason
        case startsIn = "starts_in"
    }
}

/// How far a training job is.
package struct JobProgress: Codable, Equatable, Sendable {
    /// What the worker is doing: `loading`, `tokenizing`, `training`, `evaluating`, `saving`.
    package var phase: String
    package var step: Int
    package var totalSteps: Int
    package var epoch: Double?
    package var loss: Double?
    package var gradientNorm: Double?
    package var learningRate: Double?
    /// Real tokens, without padding.
    package var tokensPerSecond: Double?
    /// Seconds.
    package var elapsed: Double?
    package var remaining: Double?

    package init(phase: String, step: Int = 0, totalSteps: Int = 0) {
        self.phase = phase
        self.step = step
        self.totalSteps = totalSteps
    }

    enum CodingKeys: String, CodingKey {
        case phase, step, epoch, loss, elapsed, remaining
        case totalSteps = "total_steps"
        case gradientNorm = "grad_norm"
        case learningRate = "learning_rate"
        case tokensPerSecond = "tokens_per_second"
    }
}

/// Something that happened to a job. Events of a job are numbered from 1 without gaps and are kept.
package struct JobEvent: Codable, Equatable, Sendable {
    package enum Kind: String, CaseIterable, Codable, Sendable {
        /// The state changed: `state`, and `error` where it failed.
        case state
        /// The worker began another phase: `phase`.
        case phase
        /// A training record: the members of `JobProgress`.
        case progress
        /// An evaluation record: `eval_loss` and its kin.
        case evaluation
        /// A checkpoint is complete: `step`, `path`.
        case checkpoint
        /// A line for people: `message`.
        case note

        /// Whether events of this kind are figures, which `job.metrics` serves too.
        package var isMetric: Bool { self == .progress || self == .evaluation }
    }

    package var seq: Int64
    package var kind: Kind
    /// ISO 8601, UTC, milliseconds.
    package var at: String
    package var fields: JSONObject

    package init(seq: Int64, kind: Kind, at: String, fields: JSONObject) {
        self.seq = seq
        self.kind = kind
        self.at = at
        self.fields = fields
    }
}
