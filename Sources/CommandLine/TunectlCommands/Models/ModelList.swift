import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let models = Command(
        "models", "list the models that are loaded",
        details: """
            MEMORY is the worker's own and, behind the plus sign, what it shares as mapped files.
            """
    ) { _, context in
        let result = try context.client().call(ModelList.self, Nothing())
        context.list((result["models"]?.array ?? []).map(ModelRow.init))
        return .success
    }

    static let load = Command(
        "load", "load a model and keep it in memory", positionals: [.one("MODEL", .directory)],
        options: [
            .value("adapter", "DIR", "an adapter to load with it, or job:ID", kind: .directory), keepAliveOption,
        ], takesOverrides: true,
        details: """
            MODEL is a folder, a name in a hub's cache, or job:ID for what a job has trained so far. key=value says how
            it is read (quantization_bit=4, rope_scaling=linear): with other settings it is another model in memory.
            """
    ) { invocation, context in
        let result = try context.client().call(
            ModelLoad.self,
            ModelLoad.Parameters(
                model: invocation.positionals[0], adapter: invocation.value("adapter"),
                overrides: invocation.overrides.isEmpty ? nil : invocation.overrides,
                workingDirectory: context.workingDirectory, keepAlive: invocation.value("keep-alive")))
        context.tellWarnings(of: result)
        if context.wantsJSON {
            context.printJSON(result)
        } else {
            context.output.write(ModelRow(value: result).quietName + "\n")
        }
        return .success
    }

    static let unload = Command(
        "unload", "take models out of memory", positionals: [.several("MODEL", .model)],
        options: [.value("adapter", "DIR", "take out only this adapter of MODEL", kind: .directory)]
    ) { invocation, context in
        let client = try context.client()
        let adapter = invocation.value("adapter")
        for model in invocation.positionals {
            let result: JSONValue
            if let adapter {
                result = try client.call(
                    AdapterUnload.self,
                    AdapterUnload.Parameters(
                        model: model, adapter: adapter, workingDirectory: context.workingDirectory))
            } else {
                result = try client.call(
                    ModelUnload.self, ModelUnload.Parameters(model: model, workingDirectory: context.workingDirectory))
            }
            if context.wantsJSON { context.printJSON(result) } else { context.say("unloaded \(adapter ?? model)") }
        }
        return .success
    }

    static let keepAliveOption = Option.value(
        "keep-alive", "TIME", "how long the model stays after its last use: 10m, 0, forever")
}

/// A resident model as lists show it.
struct ModelRow: Listable, JSONRow {
    static let headings = ["MODEL", "HOLDS", "MEMORY", "LAST USED", "EXPIRES", "ADAPTERS"]
    let value: JSONValue

    var quietName: String {
        guard let model = value["model"]?.string else { return "?" }
        return model.isEmpty ? "(another user's)" : model
    }

    /// The folder, and how the model is read where requests say it.
    private var shownName: String {
        ([quietName] + (value["settings"]?.array?.compactMap(\.string) ?? [])).joined(separator: " ")
    }

    var json: String { value.serialized(.compact) }

    var cells: [String] {
        let holdsWeights = value["weights_loaded"]?.bool ?? true
        let adapters = value["adapters"]?.array?.compactMap(\.string) ?? []
        let isInUse = (value["requests_in_flight"]?.integer ?? 0) > 0
        return [
            shownName, holdsWeights ? "weights" : "tokenizer", memory, value["last_used_at"]?.string ?? "",
            isInUse ? "in use" : value["expires_at"]?.string ?? "never", adapters.joined(separator: ", "),
        ]
    }

    private var memory: String {
        guard let own = value["anonymous_bytes"]?.integer, let shared = value["shared_bytes"]?.integer else {
            return value["resident_bytes"]?.integer.map(ReadableNumbers.bytes) ?? ""
        }
        return "\(ReadableNumbers.bytes(own)) + \(ReadableNumbers.bytes(shared))"
    }
}
