import JSONDocuments
import RunConfiguration
import ServiceAPI
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
        let model = try invocation.required("model")
        let client = try context.client()
        func logprobs(ids: [Int32]? = nil, text: String? = nil) throws -> JSONValue {
            let result = try client.call(
                LogProbabilities.self,
                LogProbabilities.Parameters(
                    model: model, adapter: invocation.value("adapter"), ids: ids, text: text,
                    specialTokens: !invocation.has("no-special-tokens"), workingDirectory: context.workingDirectory))
            context.tellWarnings(of: result)
            return ["ids": result["ids"] ?? .array([]), "token_logprobs": result["token_logprobs"] ?? .array([])]
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["ids", "text"], onlyOne: true)
                return try logprobs(ids: try line.ids("ids"), text: try line.text("text"))
            }
        }
        if let setting = invocation.positionals.first(where: isSetting) {
            throw CommandFailure.usage(
                "`logprobs` takes no settings such as `\(setting)`", hint: "a text that reads so goes on standard input"
            )
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

    /// Whether an argument names a parameter, as `quantization_bit=4` does.
    private static func isSetting(_ argument: String) -> Bool {
        guard ArgumentParser.isOverride(argument), let end = argument.firstIndex(of: "=") else { return false }
        return Parameters.named(String(argument[..<end])) != nil
    }
}
