import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let logprobs = Command(
        "logprobs", "tell how likely a model finds a text, token by token",
        positionals: [.several("TEXT", .text, isRequired: false)],
        options: [modelOption, adapterOption, plainTokensOption, jsonLinesOption],
        takesOverrides: true,
        details: """
            TEXT is standard input when absent. With --jsonl: {"ids"} or {"text"} -> {"ids","token_logprobs"}, where
            entry i is the logarithm of the probability of ids[i+1] after ids[..i]. key=value says how the model is read:
            quantization_bit=4, rope_scaling=linear.
            """
    ) { invocation, context in
        let model = try invocation.required("model")
        let client = try context.client()
        func logprobs(ids: [Int32]? = nil, text: String? = nil) throws -> JSONValue {
            let result = try client.call(
                LogProbabilities.self,
                LogProbabilities.Parameters(
                    model: model, adapter: invocation.value("adapter"), ids: ids, text: text,
                    specialTokens: !invocation.has("no-special-tokens"),
                    overrides: invocation.overrides.isEmpty ? nil : invocation.overrides,
                    workingDirectory: context.workingDirectory))
            context.tellWarnings(of: result)
            return ["ids": result["ids"] ?? .array([]), "token_logprobs": result["token_logprobs"] ?? .array([])]
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["ids", "text"], onlyOne: true)
                return try logprobs(ids: try line.ids("ids"), text: try line.text("text"))
            }
        }
        let result = try logprobs(text: try TextArgument.of(invocation, context))
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
