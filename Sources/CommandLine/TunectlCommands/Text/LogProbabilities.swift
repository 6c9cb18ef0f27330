import JSONDocuments
import RunConfiguration
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
            entry i is the logarithm of the probability of ids[i+1] after ids[..i]. A text that reads like a parameter of
            the model, such as rope_scaling=linear, goes on standard input.
            """
    ) { invocation, context in
        let model = try invocation.required("model")
        let (settings, text) = try split(invocation)
        let client = try context.client()
        func logprobs(ids: [Int32]? = nil, text: String? = nil) throws -> JSONValue {
            let result = try client.call(
                LogProbabilities.self,
                LogProbabilities.Parameters(
                    model: model, adapter: invocation.value("adapter"), ids: ids, text: text,
                    overrides: settings.isEmpty ? nil : settings, specialTokens: !invocation.has("no-special-tokens"),
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
        let result = try logprobs(text: try text ?? TextArgument.of(invocation, context))
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

    /// The parameters of the model among the arguments, and the text where that looks like one.
    private static func split(_ invocation: Invocation) throws -> (settings: [String], text: String?) {
        func row(_ argument: String) -> ParameterDescription? {
            Parameters.named(String(argument.prefix { $0 != "=" }))
        }
        let texts = invocation.overrides.filter { row($0) == nil }
        guard texts.count <= (invocation.positionals.isEmpty && !invocation.has("jsonl") ? 1 : 0) else {
            throw CommandFailure.usage(
                "there is no parameter `\(texts[0].prefix { $0 != "=" })`",
                hint: "a text that reads like one goes on standard input")
        }
        let settings = invocation.overrides.filter { row($0) != nil }
        if let setting = settings.first(where: { row($0)?.makesAnotherModel == false }) {
            throw CommandFailure.usage(
                "`\(setting)` does not act on log-probabilities",
                hint: "a text that reads so goes on standard input")
        }
        return (settings, texts.first)
    }
}
