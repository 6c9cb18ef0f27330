import JSONDocuments
import TerminalOutput

extension Command {
    static let generate = Command(
        "generate", "let a model continue a text", positionals: [.several("PROMPT", .text, isRequired: false)],
        options: [modelOption, adapterOption, plainTokensOption, jsonLinesOption], takesOverrides: true,
        details: """
            PROMPT is raw text, standard input when absent. key=value sets generation parameters: do_sample=false is
            greedy, seed=N fixes sampling, max_new_tokens=N limits, ignore_eos=true runs to the limit.
            With --jsonl: {"ids"}, {"prompt"} or {"messages"} (needs template=NAME) -> {"ids","text","finish_reason"}.
            """
    ) { invocation, context in
        let fields =
            try ModelFields.of(invocation) + [
                ("add_special_tokens", JSONValue.bool(!invocation.has("no-special-tokens")))
            ]
        let client = try context.client()
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["ids", "prompt", "messages"])
                let result = try client.call("generate", context.request(fields + [try input(of: line)]))
                return answer(result)
            }
        }
        let prompt = try TextArgument.of(invocation, context)
        let streams = !context.wantsJSON
        let result = try client.call(
            "generate", context.request(fields + [("prompt", .string(prompt)), ("stream", .bool(streams))]),
            onInterrupt: .cancelCall
        ) { notification in
            guard streams, let text = StreamedText.of(notification) else { return }
            context.output.write(text)
        }
        if context.wantsJSON {
            context.printJSON(answer(result))
        } else {
            context.output.write("\n")
        }
        return .success
    }

    private static func input(of line: JSONObject) throws -> (String, JSONValue?) {
        guard line.count == 1 else {
            throw CommandFailure(kind: "bad_data", message: "give one of ids, prompt and messages, not several")
        }
        if let ids = try line.ids("ids") { return ("ids", ids) }
        if let prompt = try line.text("prompt") { return ("prompt", .string(prompt)) }
        guard let messages = line["messages"], messages.array != nil else {
            throw CommandFailure(kind: "bad_data", message: "`messages` must be a list of messages")
        }
        return ("messages", messages)
    }

    private static func answer(_ result: JSONValue) -> JSONValue {
        [
            "ids": result["ids"] ?? .array([]), "text": result["text"] ?? "",
            "finish_reason": result["finish_reason"] ?? "stop",
        ]
    }
}

/// The piece of text that a progress notification carries.
enum StreamedText {
    static func of(_ notification: ServiceClient.Notification) -> String? {
        guard notification.method == "$/progress" else { return nil }
        let value = notification.params["value"]
        return value?["text"]?.string ?? value?.string
    }
}
