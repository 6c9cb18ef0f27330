package enum Score: ServiceMethod {
    package static let name = "score"
    package static let summary = "What a reward model makes of a text: its value head's number at the last token."
    package static let parameters = [
        .model, .adapter, MethodParameter("ids", "array", "token ids"),
        MethodParameter("text", "string", "text instead of ids"),
        MethodParameter(
            "messages", "array",
            "a dialogue instead of ids, [{role, content}], an answer last; needs template=NAME in overrides, or a "
                + "tokenizer with a chat template"),
        overrides,
        MethodParameter("special_tokens", "boolean", "add the tokenizer's special tokens to text, true by default"),
        workingDirectory,
    ]

    package static var errors: [ErrorKind] { modelErrors }

    /// Exactly one of `ids`, `text` and `messages` is given.
    package struct Parameters: Codable, Sendable {
        package var model: String
        /// Whose value head is taken then.
        package var adapter: String?
        package var ids: [Int32]?
        package var text: String?
        package var messages: [DialogueMessage]?
        /// `template=`
        package var overrides: [String]?
        package var specialTokens: Bool?
        package var workingDirectory: String?

        package init(
            model: String, adapter: String? = nil, ids: [Int32]? = nil, text: String? = nil,
            messages: [DialogueMessage]? = nil, overrides: [String]? = nil, specialTokens: Bool? = nil,
            workingDirectory: String? = nil
        ) {
            self.model = model
            self.adapter = adapter
            self.ids = ids
            self.text = text
            self.messages = messages
            self.overrides = overrides
            self.specialTokens = specialTokens
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter, ids, text, messages, overrides
            case specialTokens = "special_tokens"
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        package var score: Double
        /// What the files of model, tokenizer and adapter say in vain; absent when nothing.
        package var warnings: [String]?

        package init(score: Double, warnings: [String]? = nil) {
            self.score = score
            self.warnings = warnings
        }
    }
}
