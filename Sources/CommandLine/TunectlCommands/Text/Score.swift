import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let score = Command(
        "score", "tell what a reward model makes of a text", positionals: [.several("TEXT", .text, isRequired: false)],
        options: [modelOption, adapterOption, plainTokensOption, jsonLinesOption],
        takesOverrides: true,
        details: """
            TEXT is standard input when absent. The score is the value head's number at the last token, so the model or
            the adapter must be one of stage rm. With --jsonl: {"ids"}, {"text"} or {"messages"}, a dialogue with the
            answer to score last (needs template=NAME unless the tokenizer brings a chat template) -> {"score"}.
            """
    ) { invocation, context in
        let client = try context.client()
        func score(
            ids: [Int32]? = nil, text: String? = nil, messages: [DialogueMessage]? = nil
        ) throws -> JSONValue {
            let result = try client.call(
                Score.self,
                Score.Parameters(
                    model: try invocation.required("model"), adapter: invocation.value("adapter"), ids: ids, text: text,
                    messages: messages, overrides: invocation.overrides,
                    specialTokens: !invocation.has("no-special-tokens"), workingDirectory: context.workingDirectory))
            context.tellWarnings(of: result)
            return ["score": result["score"] ?? .null]
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["ids", "text", "messages"], onlyOne: true)
                return try score(ids: line.ids("ids"), text: line.text("text"), messages: line.messages())
            }
        }
        let result = try score(text: try TextArgument.of(invocation, context))
        if context.wantsJSON {
            context.printJSON(result)
        } else {
            context.output.write(ReadableNumbers.decimal(result["score"]?.double ?? .nan, places: 6) + "\n")
        }
        return .success
    }
}
