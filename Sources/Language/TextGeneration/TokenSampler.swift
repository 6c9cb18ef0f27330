import Tensors

/// Chooses one token after another for one sequence; a pure function of seed, scores and what came before.
package struct TokenSampler: Sendable {
    private let options: GenerationOptions
    private let randomness: Philox
    private var seen: Set<Int32>
    private var step = 0

    /// - Parameter prompt: its tokens count as seen
    package init(_ options: GenerationOptions, prompt: [Int32]) {
        self.options = options
        randomness = Philox(seed: options.seed, name: "token sampling")
        seen = options.repetitionPenalty == 1 ? [] : Set(prompt)
    }

    /// - Parameter scores: the model's logits for the next place, one per token of the vocabulary
    package mutating func next(_ scores: [Float]) -> Int32 {
        var scores = scores
        ScoreProcessing.penalizeRepetition(&scores, seen: seen, penalty: options.repetitionPenalty)
        ScoreProcessing.clean(&scores)
        let token = options.isGreedy ? Self.largest(scores) : draw(scores)
        step += 1
        if options.repetitionPenalty != 1 { seen.insert(token) }
        return token
    }

    /// The lowest id among the highest scores.
    private static func largest(_ scores: [Float]) -> Int32 {
        var best = 0
        for index in scores.indices where scores[index] > scores[best] { best = index }
        return Int32(best)
    }

    private func draw(_ scores: [Float]) -> Int32 {
        let candidates = ScoreProcessing.candidates(
            scores, temperature: options.temperature, topK: options.topK, topP: options.topP)
        let words = randomness.block(UInt32(truncatingIfNeeded: step))
        let bits = UInt64(words[0]) << 21 ^ UInt64(words[1]) >> 11
        var rest = Double(bits) * 0x1p-53
        for candidate in candidates {
            rest -= candidate.probability
            if rest < 0 { return candidate.token }
        }
        return candidates.last?.token ?? 0
    }
}
