/// How a continuation is chosen and when it ends; the defaults are those of the parameter table.
package struct GenerationOptions: Sendable, Equatable {
    /// False for the most likely token each time.
    package var samples = true
    /// Divides the scores; 0 switches sampling off.
    package var temperature = 0.95
    /// How many of the best tokens stay; 0 for all.
    package var topK = 50
    /// Total probability of the best tokens that stay; 1 for all.
    package var topP = 0.7
    /// Above 1 discourages tokens that the prompt or the continuation already has.
    package var repetitionPenalty = 1.0
    /// Wins over `maximumLength` when above 0.
    package var maximumNewTokens = 1024
    /// Prompt and continuation together.
    package var maximumLength = 1024
    /// Tokens that end a continuation; they are part of it.
    package var stopTokens: Set<Int32> = []
    /// Goes on behind stop tokens, to the length.
    package var ignoresStopTokens = false
    package var seed: UInt64 = 0
    /// False computes the whole sequence anew for each token.
    package var usesCache = true

    package init() {}

    /// Refuses values that no step could work with.
    package func checked() throws -> GenerationOptions {
        func require(_ holds: Bool, _ name: String, _ value: String, _ expected: String) throws {
            guard holds else { throw GenerationError.badOption(name: name, value: value, expected: expected) }
        }
        try require(temperature.isFinite && temperature >= 0, "temperature", "\(temperature)", "a number from 0 up")
        try require(topK >= 0, "top_k", "\(topK)", "0 or more")
        try require((0...1).contains(topP), "top_p", "\(topP)", "a number from 0 to 1")
        try require(
            repetitionPenalty.isFinite && repetitionPenalty > 0, "repetition_penalty", "\(repetitionPenalty)",
            "a number above 0")
        try require(
            maximumNewTokens > 0 || maximumLength > 0, "max_new_tokens", "\(maximumNewTokens)",
            "above 0, or max_length above 0")
        return self
    }

    /// New tokens allowed behind a prompt.
    func newTokens(after promptTokens: Int) throws -> Int {
        if maximumNewTokens > 0 { return maximumNewTokens }
        guard promptTokens < maximumLength else {
            throw GenerationError.promptTooLong(tokens: promptTokens, maximumLength: maximumLength)
        }
        return maximumLength - promptTokens
    }

    var isGreedy: Bool { !samples || temperature == 0 }
}

/// Why nothing can be generated.
package enum GenerationError: Error, Equatable, CustomStringConvertible {
    case badOption(name: String, value: String, expected: String)
    case promptTooLong(tokens: Int, maximumLength: Int)
    case emptyPrompt
    case unknownToken(Int32, vocabulary: Int)
    /// The model's scores after so many new tokens are no numbers.
    case notFinite(newTokens: Int)

    package var description: String {
        switch self {
        case .badOption(let name, let value, let expected): "\(name) is \(value), expected \(expected)"
        case .promptTooLong(let tokens, let length):
            "the prompt has \(tokens) tokens and max_length is \(length), which leaves no room for an answer; "
                + "raise max_length or give max_new_tokens"
        case .emptyPrompt: "the prompt has no tokens; give at least one to continue"
        case .unknownToken(let token, let vocabulary):
            "token id \(token) is outside the model's vocabulary of \(vocabulary)"
        case .notFinite(let count):
            "the model's scores after \(count) new tokens are infinite or not numbers"
        }
    }
}
