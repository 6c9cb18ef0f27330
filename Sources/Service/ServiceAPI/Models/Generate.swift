package import JSONDocuments

/// A call of a tool, with its arguments as JSON text.
package struct ToolCall: Codable, Equatable, Sendable {
    package var name: String
    package var arguments: String

    package init(name: String, arguments: String) {
        self.name = name
        self.arguments = arguments
    }
}

package enum Generate: ServiceMethod {
    package static let name = "generate"
    package static let summary = "Continues token ids, a raw prompt or a dialogue."
    package static let parameters = [
        .model, .adapter,
        MethodParameter("ids", "array", "token ids to continue"),
        MethodParameter("prompt", "string", "raw text to continue"),
        MethodParameter(
            "messages", "array",
            "a dialogue, [{role, content}]; needs template=NAME in overrides, or a tokenizer with a chat template"),
        MethodParameter("tools", "array", "tools that the dialogue may call, as functions with JSON schemas"),
        overrides, MethodParameter("stream", "boolean", "send pieces of text as $/progress"), workingDirectory,
        .keepAlive,
    ]

    package static var errors: [ErrorKind] { modelErrors }
    package static var progress: (any Decodable.Type)? { Piece.self }

    /// Exactly one of `ids`, `prompt` and `messages` is given.
    package struct Parameters: Codable, Sendable {
        package var model: String
        package var adapter: String?
        package var ids: [Int32]?
        package var prompt: String?
        package var messages: [DialogueMessage]?
        package var tools: [JSONObject]?
        /// Generation parameters, `template=`, `seed=`, `ignore_eos=`.
        package var overrides: [String]?
        package var stream: Bool?
        package var workingDirectory: String?
        package var keepAlive: String?

        package init(
            model: String, adapter: String? = nil, ids: [Int32]? = nil, prompt: String? = nil,
            messages: [DialogueMessage]? = nil, tools: [JSONObject]? = nil, overrides: [String]? = nil,
            stream: Bool? = nil, workingDirectory: String? = nil, keepAlive: String? = nil
        ) {
            self.model = model
            self.adapter = adapter
            self.ids = ids
            self.prompt = prompt
            self.messages = messages
            self.tools = tools
            self.overrides = overrides
            self.stream = stream
            self.workingDirectory = workingDirectory
            self.keepAlive = keepAlive
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter, ids, prompt, messages, tools, overrides, stream
            case workingDirectory = "working_directory"
            case keepAlive = "keep_alive"
        }
    }

    package struct Result: Codable, Equatable, Sendable {
        /// The new tokens, a stop token that ended them included.
        package var ids: [Int32]
        /// Their text without special tokens.
        package var text: String
        /// The calls that the text consists of, if tools were given and it does.
        package var toolCalls: [ToolCall]?
        /// `stop` or `length`.
        package var finishReason: String
        package var promptTokens: Int
        /// Seconds for the prompt and for the new tokens.
        package var promptSeconds: Double?
        package var generationSeconds: Double?
        /// What the files of model, tokenizer and adapter say in vain, and the request too; absent when nothing.
        package var warnings: [String]?

        package init(
            ids: [Int32], text: String, toolCalls: [ToolCall]? = nil, finishReason: String, promptTokens: Int,
            promptSeconds: Double? = nil, generationSeconds: Double? = nil, warnings: [String]? = nil
        ) {
            self.ids = ids
            self.text = text
            self.toolCalls = toolCalls
            self.finishReason = finishReason
            self.promptTokens = promptTokens
            self.promptSeconds = promptSeconds
            self.generationSeconds = generationSeconds
            self.warnings = warnings
        }

        enum CodingKeys: String, CodingKey {
            case ids, text, warnings
            case toolCalls = "tool_calls"
            case finishReason = "finish_reason"
            case promptTokens = "prompt_tokens"
            case promptSeconds = "prompt_seconds"
            case generationSeconds = "generation_seconds"
        }
    }

    /// The `value` of a `$/progress` notification.
    package struct Piece: Codable, Equatable, Sendable {
        package var text: String

        package init(text: String) { self.text = text }
    }
}

package enum Chat: ServiceMethod {
    package static let name = "chat"
    package static let summary = "Answers a dialogue; the text streams as $/progress unless stream is false."
    package static let parameters = [
        .model,
        MethodParameter("messages", "array", required: true, "the dialogue, [{role, content}]"),
        .adapter,
        MethodParameter("tools", "array", "tools that the dialogue may call, as functions with JSON schemas"),
        overrides, MethodParameter("stream", "boolean", "true by default"), workingDirectory, .keepAlive,
    ]
    package static var errors: [ErrorKind] { modelErrors }
    package static var progress: (any Decodable.Type)? { Generate.Piece.self }
    package typealias Parameters = Generate.Parameters
    package typealias Result = Generate.Result
}
