package import LanguageModels
import Tensors

/// Why a continuation ended.
package enum FinishReason: String, Sendable {
    /// A stop token.
    case stop
    /// The number of tokens allowed.
    case length
    /// The caller did not want more.
    case cancelled
}

/// What the caller wants after a token.
package enum GenerationStep: Sendable {
    case goOn
    case cancel
}

/// A finished continuation.
package struct Generation: Sendable {
    /// The new tokens; a stop token that ended them is the last.
    package var tokens: [Int32]
    package var finishReason: FinishReason
    package var promptTokens: Int
    /// Seconds until the first token, and for all others.
    package var promptSeconds: Double
    package var generationSeconds: Double
}

/// Continues token sequences with one model and, for each call, an adapter of choice.
package struct TextGenerator: Sendable {
    private let model: DecoderModel

    /// Prompt tokens computed at once: bounds memory, and how long a cancellation waits.
    ///
    /// Frequencies that depend on the length of the sequence need the whole prompt.
    private var promptChunk: Int { model.configuration.rotary.dependsOnLength ? .max : 512 }

    package init(model: DecoderModel) { self.model = model }

    /// - Parameters:
    ///   - prompt: at least one token
    ///   - progress: called with each new token, and between parts of a long prompt with nil
    package func generate(
        _ prompt: [Int32], options: GenerationOptions, branches: LinearBranches? = nil,
        progress: (Int32?) throws -> GenerationStep = { _ in .goOn }
    ) throws -> Generation {
        let options = try options.checked()
        try check(prompt)
        let limit = try options.newTokens(after: prompt.count)
        let clock = ContinuousClock()
        let start = clock.now
        var firstToken: ContinuousClock.Instant?
        var tokens: [Int32] = []
        var sampler = TokenSampler(options, prompt: prompt)

        func finished(_ reason: FinishReason) -> Generation {
            let end = clock.now
            return Generation(
                tokens: tokens, finishReason: reason, promptTokens: prompt.count,
                promptSeconds: Self.seconds((firstToken ?? end) - start),
                generationSeconds: Self.seconds(end - (firstToken ?? end)))
        }

        let scorer = Scorer(model: model, branches: branches, usesCache: options.usesCache)
        guard var scores = try scorer.start(prompt, chunk: promptChunk, progress: { try progress(nil) }) else {
            return finished(.cancelled)
        }
        while true {
            guard scores.allSatisfy(\.isFinite) else { throw GenerationError.notFinite(newTokens: tokens.count) }
            let token = sampler.next(scores)
            tokens.append(token)
            if firstToken == nil { firstToken = clock.now }
            let step = try progress(token)
            if options.stopTokens.contains(token), !options.ignoresStopTokens { return finished(.stop) }
            if tokens.count >= limit { return finished(.length) }
            if step == .cancel { return finished(.cancelled) }
            scores = try scorer.next(token)
        }
    }

    private func check(_ prompt: [Int32]) throws {
        guard !prompt.isEmpty else { throw GenerationError.emptyPrompt }
        let vocabulary = model.configuration.vocabularySize
        if let bad = prompt.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw GenerationError.unknownToken(bad, vocabulary: vocabulary)
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

/// Scores for the next place of one sequence, from a cache or by computing everything again.
private final class Scorer {
    private let model: DecoderModel
    private let branches: LinearBranches?
    private let cache: KeyValueCache?
    private var sequence: [Int32] = []

    init(model: DecoderModel, branches: LinearBranches?, usesCache: Bool) {
        self.model = model
        self.branches = branches
        cache = usesCache && model.canCache ? model.makeCache() : nil
    }

    /// Nil when `progress` cancels.
    func start(_ prompt: [Int32], chunk: Int, progress: () throws -> GenerationStep) throws -> [Float]? {
        guard let cache else {
            sequence = prompt
            return try model.nextLogitsWithoutCache(prompt, branches: branches).array
        }
        var rest = prompt[...]
        while rest.count > chunk {
            try model.extend(cache, with: Array(rest.prefix(chunk)), branches: branches)
            rest = rest.dropFirst(chunk)
            if try progress() == .cancel { return nil }
        }
        return try model.nextLogits(Array(rest), cache: cache, branches: branches).array
    }

    func next(_ token: Int32) throws -> [Float] {
        if let cache { return try model.nextLogits([token], cache: cache, branches: branches).array }
        sequence.append(token)
        return try model.nextLogitsWithoutCache(sequence, branches: branches).array
    }
}
