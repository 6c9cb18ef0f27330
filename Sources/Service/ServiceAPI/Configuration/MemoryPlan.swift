/// A run's memory and time, found before it starts.
package struct MemoryPlan: Codable, Equatable, Sendable {
    /// One use of memory.
    package struct Part: Codable, Equatable, Sendable {
        package var name: String
        package var bytes: Int

        package init(_ name: String, _ bytes: Int) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// Changes with which the run would fit.
    package struct Alternative: Codable, Equatable, Sendable {
        package var overrides: [String]
        package var peakAnonymousBytes: Int

        package init(overrides: [String], peakAnonymousBytes: Int) {
            self.overrides = overrides
            self.peakAnonymousBytes = peakAnonymousBytes
        }

        enum CodingKeys: String, CodingKey {
            case overrides
            case peakAnonymousBytes = "peak_anonymous_bytes"
        }
    }

    /// How fast the machine was found to be; kept and given to later plans.
    package struct Speed: Codable, Equatable, Sendable {
        /// Floating-point operations and bytes a second.
        package var operations: Double
        package var bytes: Double
        package var secondsPerCall: Double

        package init(operations: Double, bytes: Double, secondsPerCall: Double) {
            self.operations = operations
            self.bytes = bytes
            self.secondsPerCall = secondsPerCall
        }

        enum CodingKeys: String, CodingKey {
            case operations, bytes
            case secondsPerCall = "seconds_per_call"
        }
    }

    /// What adds up to `peakAnonymousBytes`.
    package var parts: [Part]
    /// The most memory of the run's own.
    package var peakAnonymousBytes: Int
    /// Pages of weight files, shared by every process on the same files and not counted as the run's own.
    package var mappedWeightBytes: Int
    /// The most that is resident at a time, mapped weights and the program included.
    package var peakResidentBytes: Int
    package var trainableParameters: Int
    package var parameters: Int
    package var longestItem: Int
    package var largestBatchTokens: Int
    package var threads: Int
    package var totalSteps: Int
    package var tokensPerStep: Double
    package var secondsPerStep: Double
    package var totalSeconds: Double
    package var speed: Speed
    /// How exactly products are computed: `highest`, `high` or `medium`.
    package var matmulPrecision: String
    /// Share of the layers whose activations are computed again in the backward pass; the others keep theirs.
    package var recomputedShare: Double
    /// Bytes of tensors below which a layer keeps its activations; nil where the configuration decides.
    package var keepBelowBytes: Int?
    /// What runs and models may hold together; nil when nobody asked whether the run fits.
    package var budgetBytes: Int?
    package var alternative: Alternative?

    package init(
        parts: [Part], peakAnonymousBytes: Int, mappedWeightBytes: Int, peakResidentBytes: Int,
        trainableParameters: Int, parameters: Int, longestItem: Int, largestBatchTokens: Int, threads: Int,
        totalSteps: Int, tokensPerStep: Double, secondsPerStep: Double, totalSeconds: Double, speed: Speed,
        matmulPrecision: String, recomputedShare: Double, keepBelowBytes: Int?
    ) {
        self.parts = parts
        self.peakAnonymousBytes = peakAnonymousBytes
        self.mappedWeightBytes = mappedWeightBytes
        self.peakResidentBytes = peakResidentBytes
        self.trainableParameters = trainableParameters
        self.parameters = parameters
        self.longestItem = longestItem
        self.largestBatchTokens = largestBatchTokens
        self.threads = threads
        self.totalSteps = totalSteps
        self.tokensPerStep = tokensPerStep
        self.secondsPerStep = secondsPerStep
        self.totalSeconds = totalSeconds
        self.speed = speed
        self.matmulPrecision = matmulPrecision
        self.recomputedShare = recomputedShare
        self.keepBelowBytes = keepBelowBytes
    }

    /// The highest peak for which no more than `bytes` are set aside.
    package static func peak(reserving bytes: Int) -> Int { max(0, bytes - (32 << 20)) / 21 * 20 }

    /// What is set aside for the run: a plan may be a few hundredths too low.
    package static func reservation(peakAnonymousBytes: Int) -> Int {
        peakAnonymousBytes + peakAnonymousBytes / 20 + (32 << 20)
    }

    package var reservation: Int { Self.reservation(peakAnonymousBytes: peakAnonymousBytes) }

    /// Whether the run fits when nothing else is there.
    package var fits: Bool { budgetBytes.map { reservation <= $0 } ?? true }

    enum CodingKeys: String, CodingKey {
        case parts, parameters, threads, speed, alternative
        case peakAnonymousBytes = "peak_anonymous_bytes"
        case mappedWeightBytes = "mapped_weight_bytes"
        case peakResidentBytes = "peak_resident_bytes"
        case trainableParameters = "trainable_parameters"
        case longestItem = "longest_item"
        case largestBatchTokens = "largest_batch_tokens"
        case totalSteps = "total_steps"
        case tokensPerStep = "tokens_per_step"
        case secondsPerStep = "seconds_per_step"
        case totalSeconds = "total_seconds"
        case budgetBytes = "budget_bytes"
        case matmulPrecision = "matmul_precision"
        case recomputedShare = "recomputed_share"
        case keepBelowBytes = "keep_below_bytes"
    }
}
