package enum LogProbabilities: ServiceMethod {
    package static let name = "logprobs"
    package static let summary = "The log-probability of every token given those before it."
    package static let parameters = [
        .model, .adapter, MethodParameter("ids", "array", "token ids"),
        MethodParameter("text", "string", "text instead of ids"),
        MethodParameter("special_tokens", "boolean", "add the tokenizer's special tokens to text, true by default"),
        modelSettings, workingDirectory,
    ]

    package static var errors: [ErrorKind] { modelErrors }

    /// Exactly one of `ids` and `text` is given.
    package struct Parameters: Codable, Sendable {
        package var model: String
        package var adapter: String?
        package var ids: [Int32]?
        package var text: String?
        package var specialTokens: Bool?
        /// How the model is read: `quantization_bit=`, `rope_scaling=` and others.
        package var overrides: [String]?
        package var workingDirectory: String?

        package init(
            model: String, adapter: String? = nil, ids: [Int32]? = nil, text: String? = nil,
            specialTokens: Bool? = nil, overrides: [String]? = nil, workingDirectory: String? = nil
        ) {
            self.model = model
            self.adapter = adapter
            self.ids = ids
            self.text = text
            self.specialTokens = specialTokens
            self.overrides = overrides
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter, ids, text, overrides
            case specialTokens = "special_tokens"
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        package var ids: [Int32]
        /// `ids.count - 1` entries; entry i is that of `ids[i + 1]` after `ids[...i]`.
        package var tokenLogProbabilities: [Double]
        /// What the files of model, tokenizer and adapter say in vain; absent when nothing.
        package var warnings: [String]?

        package init(ids: [Int32], tokenLogProbabilities: [Double], warnings: [String]? = nil) {
            self.ids = ids
            self.tokenLogProbabilities = tokenLogProbabilities
            self.warnings = warnings
        }

        enum CodingKeys: String, CodingKey {
            case ids, warnings
            case tokenLogProbabilities = "token_logprobs"
        }
    }
}
