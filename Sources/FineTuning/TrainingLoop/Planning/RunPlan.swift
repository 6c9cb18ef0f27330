/// What a run is going to hold in memory and how long it takes, found before it starts.
package struct RunPlan: Sendable, Equatable {
    package var memory = Memory()
    package var time = Time()
    /// What `time` was reckoned with.
    package var speed = MachineSpeed(operations: 1, bytes: 1, secondsPerCall: 0)
    /// Numbers that the optimizer changes, and all numbers of the model.
    package var trainableCount = 0
    package var parameterCount = 0
    /// Bytes of tensors up to which layers keep their insides; nil where the configuration decides.
    package var keepBelow: Int?
    /// Share of the layers that are computed again on the way back.
    package var recomputedShare = 0.0
    /// How exactly products are computed.
    package var matmulPrecision = ""
    /// Tokens of the longest item, and of the largest micro-batch.
    package var longestItem = 0
    package var largestBatch = 0

    /// Bytes, by what they are for.
    package struct Memory: Sendable, Equatable {
        /// Frozen weights read from their files: clean pages that processes on the same files share.
        package var mappedWeights = 0
        /// Frozen weights that exist in memory only, such as merged ones.
        package var copiedWeights = 0
        package var parameters = 0
        package var gradients = 0
        package var optimizer = 0
        /// What the largest steps hold beside, with the blocks that the pool keeps for reuse.
        package var activations = 0
        /// Tokenizer, data, buffers of libraries, and the process itself.
        package var process = 0
        /// The program's own pages.
        package var program = 0
        /// The most that was resident while data was prepared.
        package var preparation = 0

        /// The most memory of the run's own, which nothing but its end gives back.
        package var peakAnonymous: Int {
            copiedWeights + parameters + gradients + optimizer + activations + process
        }

        /// The most that is resident at a time, pages of files included.
        package var peakResident: Int { max(peakAnonymous + mappedWeights + program, preparation) }

        package init() {}
    }

    package struct Time: Sendable, Equatable {
        package var totalSteps = 0
        package var tokensPerStep = 0.0
        package var secondsPerStep = 0.0
        /// One pass over the evaluation data, and how many there are.
        package var secondsPerEvaluation = 0.0
        package var evaluations = 0

        package var totalSeconds: Double {
            secondsPerStep * Double(totalSteps) + secondsPerEvaluation * Double(evaluations)
        }

        package init() {}
    }

    package init() {}
}
