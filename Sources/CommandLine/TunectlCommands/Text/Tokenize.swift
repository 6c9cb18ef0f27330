import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let modelOption = Option.value(
        "model", "DIR", "the model's folder, or job:ID for what a job has trained so far", kind: .directory)
    static let adapterOption = Option.value(
        "adapter", "DIR", "an adapter's folder, or job:ID for a job's newest checkpoint", kind: .directory)
    static let jsonLinesOption = Option.flag("jsonl", "read and write one JSON object a line")
    static let plainTokensOption = Option.flag("no-special-tokens", "do not add the tokenizer's special tokens")

    static let tokenize = Command(
        "tokenize", "turn text into token ids", positionals: [.several("TEXT", .text, isRequired: false)],
        options: [modelOption, plainTokensOption, jsonLinesOption],
        details: """
            TEXT is standard input when absent. Only the tokenizer's files are needed in DIR.
            With --jsonl: {"text"} -> {"ids"}.
            """
    ) { invocation, context in
        let model = try invocation.required("model")
        let client = try context.client()
        func ids(_ text: String) throws -> JSONValue {
            let result = try client.call(
                Tokenize.self,
                Tokenize.Parameters(
                    model: model, text: text, specialTokens: !invocation.has("no-special-tokens"),
                    workingDirectory: context.workingDirectory))
            context.tellWarnings(of: result)
            return result["ids"] ?? .array([])
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["text"])
                return ["ids": try ids(try line.text("text") ?? "")]
            }
        }
        let result = try ids(try TextArgument.of(invocation, context))
        if context.wantsJSON {
            context.printJSON(["ids": result])
        } else {
            context.output.write((result.array ?? []).map(\.description).joined(separator: " ") + "\n")
        }
        return .success
    }

    static let detokenize = Command(
        "detokenize", "turn token ids into text", positionals: [.several("ID", .text, isRequired: false)],
        options: [modelOption, .flag("skip-special-tokens", "leave special tokens out"), jsonLinesOption],
        details: """
            IDs are read from standard input when absent. With --jsonl: {"ids"} -> {"text"}.
            """
    ) { invocation, context in
        let model = try invocation.required("model")
        let client = try context.client()
        func text(_ ids: [Int32]) throws -> JSONValue {
            let result = try client.call(
                Detokenize.self,
                Detokenize.Parameters(
                    model: model, ids: ids, skipSpecialTokens: invocation.has("skip-special-tokens"),
                    workingDirectory: context.workingDirectory))
            return result["text"] ?? ""
        }
        if invocation.has("jsonl") {
            return try JSONLines.run(context) { line in
                try line.check(["ids"])
                return ["text": try text(try line.ids("ids") ?? [])]
            }
        }
        let words = try TextArgument.of(invocation, context).split { !$0.isNumber && $0 != "-" }
        let ids = try words.map { word in
            guard let id = Int32(word), id >= 0 else {
                throw CommandFailure.usage("`\(word)` is not a token id")
            }
            return id
        }
        let result = try text(ids)
        if context.wantsJSON {
            context.printJSON(["text": result])
        } else {
            context.output.write((result.string ?? "") + "\n")
        }
        return .success
    }
}

/// Text given as arguments, or on standard input when there are none.
enum TextArgument {
    static func of(_ invocation: Invocation, _ context: CommandContext) throws -> String {
        if !invocation.positionals.isEmpty { return invocation.positionals.joined(separator: " ") }
        return try context.input.remainingText()
    }
}
