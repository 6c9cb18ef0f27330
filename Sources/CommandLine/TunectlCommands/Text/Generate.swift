import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let generate = Command(
        "generate", "let a model continue a text", positionals: [.several("PROMPT", .text, isRequired: false)],
        options: [modelOption, adapterOption, keepAliveOption, plainTokensOption, jsonLinesOption],
        takesOverrides: true,
        details: """
            PROMPT is raw text, standard input when absent; `tunectl chat` puts the model's template around what is
            said. key=value sets generation parameters: do_sample=false is greedy, seed=N fixes sampling,
            max_new_tokens=N limits, ignore_eos=true runs to the limit.
            With --jsonl: {"ids"}, {"prompt"} or {"messages"} (needs template=NAME unless the tokenizer brings a chat
            template) -> {"ids","text","finish_reason"}. {"messages","tools"} tells the model of tools; its calls of
            them come back as "tool_calls".
            """
    ) { invocation, context in
        let client = try context.client()
        var request = Generate.Parameters(
            model: try invocation.required("model"), adapter: invocation.value("adapter"),
            overrides: invocation.overrides, stream: false, workingDirectory: context.workingDirectory,
            keepAlive: invocation.value("keep-alive"))
        /// A raw prompt; without special tokens it is turned into ids first, for generating adds them to text.
        func setPrompt(_ text: String) throws {
            (request.prompt, request.ids, request.messages) = (text, nil, nil)
            guard invocation.has("no-special-tokens") else { return }
            let result = try client.call(
                Tokenize.self,
                Tokenize.Parameters(
                    model: request.model, text: text, specialTokens: false, workingDirectory: context.workingDirectory))
            (request.prompt, request.ids) = (nil, try result.decoded(as: Tokenize.Result.self).ids)
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                request.tools = try line.tools()
                var line = line
                line["tools"] = nil
                try line.check(["ids", "prompt", "messages"], onlyOne: true)
                guard request.tools == nil || line.contains("messages") else {
                    throw CommandFailure(kind: "bad_data", message: "`tools` go with `messages` only")
                }
                (request.prompt, request.ids, request.messages) = (nil, try line.ids("ids"), try line.messages())
                if let prompt = try line.text("prompt") { try setPrompt(prompt) }
                let result = try client.call(Generate.self, request)
                context.tellWarnings(of: result)
                return answer(result)
            }
        }
        try setPrompt(try TextArgument.of(invocation, context))
        request.stream = !context.wantsJSON
        var streamed = ""
        let result = try client.call(Generate.self, request, onInterrupt: .cancelCall) { notification in
            guard !context.wantsJSON, let text = StreamedText.of(notification) else { return }
            streamed += text
            context.output.write(text)
        }
        if context.wantsJSON {
            context.printJSON(answer(result))
        } else {
            context.output.write(StreamedText.rest(of: result, after: streamed) + "\n")
        }
        context.tellWarnings(of: result)
        return .success
    }

    private static func answer(_ result: JSONValue) -> JSONValue {
        var answer: JSONValue = ["ids": result["ids"] ?? .array([]), "text": result["text"] ?? ""]
        answer["tool_calls"] = result["tool_calls"]
        answer["finish_reason"] = result["finish_reason"] ?? "stop"
        return answer
    }
}

/// The piece of text that a progress notification carries.
enum StreamedText {
    static func of(_ notification: ServiceClient.Notification) -> String? {
        guard notification.method == "$/progress" else { return nil }
        return notification.params["value"]?["text"]?.string
    }

    /// What the service did not stream, so that nothing is missing and nothing printed twice.
    static func rest(of result: JSONValue, after streamed: String) -> String {
        guard let text = result["text"]?.string, text.hasPrefix(streamed) else { return "" }
        return String(text.dropFirst(streamed.count))
    }
}
