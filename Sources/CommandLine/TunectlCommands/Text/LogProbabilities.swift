import JSONDocuments
import TerminalOutput

extension Command {
    static let logprobs = Command(
        "logprobs", "tell how likely a model finds a text, token by token",
        positionals: [.several("TEXT", .text, isRequired: false)],
        options: [modelOption, adapterOption, plainTokensOption, jsonLinesOption],
        details: """
            TEXT is standard input when absent. With --jsonl: {"ids"} or {"text"} -> {"ids","token_logprobs"}, where
            entry i is the logarithm of the probability of ids[i+1] after ids[..i].
            """
    ) { invocation, context in
        let fields = try ModelFields.of(invocation)
        let client = try context.client()
        func logprobs(_ input: (String, JSONValue?)) throws -> JSONValue {
            let special = ("add_special_tokens", JSONValue.bool(!invocation.has("no-special-tokens")))
            let result = try client.call("logprobs", context.request(fields + [input, special]))
            return ["ids": result["ids"] ?? .array([]), "token_logprobs": result["token_logprobs"] ?? .array([])]
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["ids", "text"])
                if let ids = try line.ids("ids") { return try logprobs(("ids", ids)) }
                return try logprobs(("text", .string(try line.text("text") ?? "")))
            }
        }
        let result = try logprobs(("text", .string(try TextArgument.of(invocation, context))))
        if context.wantsJSON {
            context.printJSON(result)
        } else {
            let ids = (result["ids"]?.array ?? []).dropFirst()
            for (id, probability) in zip(ids, result["token_logprobs"]?.array ?? []) {
                context.output.write("\(id)\t\(ReadableNumbers.decimal(probability.double ?? .nan, places: 6))\n")
            }
        }
        return .success
    }
}
