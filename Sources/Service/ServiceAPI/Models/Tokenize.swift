package enum Tokenize: ServiceMethod {
    package static let name = "tokenize"
    package static let summary = "Turns text into token ids. The folder needs only the tokenizer's files."
    package static let parameters = [
        MethodParameter("model", "string", required: true, "the model's folder"),
        MethodParameter("text", "string", required: true, "the text"),
        MethodParameter("special_tokens", "boolean", "add the tokenizer's special tokens, true by default"),
        workingDirectory,
    ]

    package static var errors: [ErrorKind] { modelErrors }

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var text: String
        package var specialTokens: Bool?
        package var workingDirectory: String?

        package init(model: String, text: String, specialTokens: Bool? = nil, workingDirectory: String? = nil) {
            self.model = model
            self.text = text
            self.specialTokens = specialTokens
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model, text
            case specialTokens = "special_tokens"
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        package var ids: [Int32]
        /// What the tokenizer's files say in vain; absent when nothing.
        package var warnings: [String]?

        package init(ids: [Int32], warnings: [String]? = nil) {
            self.ids = ids
            self.warnings = warnings
        }
    }
}

package enum Detokenize: ServiceMethod {
    package static let name = "detokenize"
    package static let summary = "Turns token ids into text."
    package static let parameters = [
        MethodParameter("model", "string", required: true, "the model's folder"),
        MethodParameter("ids", "array", required: true, "the token ids"),
        MethodParameter("skip_special_tokens", "boolean", "leave special tokens out, false by default"),
        workingDirectory,
    ]

    package static var errors: [ErrorKind] { modelErrors }

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var ids: [Int32]
        package var skipSpecialTokens: Bool?
        package var workingDirectory: String?

        package init(model: String, ids: [Int32], skipSpecialTokens: Bool? = nil, workingDirectory: String? = nil) {
            self.model = model
            self.ids = ids
            self.skipSpecialTokens = skipSpecialTokens
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model, ids
            case skipSpecialTokens = "skip_special_tokens"
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        package var text: String

        package init(text: String) { self.text = text }
    }
}
