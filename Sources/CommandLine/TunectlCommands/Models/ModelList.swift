import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let models = Command("models", "list the models that are loaded") { _, context in
        let result = try context.client().call(ModelList.self, Nothing())
        context.list((result["models"]?.array ?? []).map(ModelRow.init))
        return .success
    }

    static let load = Command(
        "load", "load a model and keep it in memory", positionals: [.one("MODEL", .directory)],
        options: [.value("adapter", "DIR", "an adapter to load with it", kind: .directory)]
    ) { invocation, context in
        let result = try context.client().call(
            ModelLoad.self,
            ModelLoad.Parameters(
                model: invocation.positionals[0], adapter: invocation.value("adapter"),
                workingDirectory: context.workingDirectory))
        if context.wantsJSON {
            context.printJSON(result)
        } else {
            context.output.write(ModelRow(value: result).quietName + "\n")
        }
        return .success
    }

    static let unload = Command(
        "unload", "take models out of memory", positionals: [.several("MODEL", .model)]
    ) { invocation, context in
        let client = try context.client()
        for model in invocation.positionals {
            let result = try client.call(
                ModelUnload.self,
                ModelUnload.Parameters(model: model, workingDirectory: context.workingDirectory))
            if context.wantsJSON { context.printJSON(result) } else { context.say("unloaded \(model)") }
        }
        return .success
    }
}

/// A resident model as lists show it.
struct ModelRow: Listable, JSONRow {
    static let headings = ["MODEL", "HOLDS", "MEMORY", "LAST USED", "ADAPTERS"]
    let value: JSONValue

    var quietName: String { value["model"]?.string ?? "?" }
    var json: String { value.serialized(.compact) }

    var cells: [String] {
        let holdsWeights = value["weights_loaded"]?.bool ?? true
        let adapters = value["adapters"]?.array?.compactMap(\.string) ?? []
        return [
            quietName, holdsWeights ? "weights" : "tokenizer",
            value["resident_bytes"]?.integer.map(ReadableNumbers.bytes) ?? "",
            value["last_used_at"]?.string ?? "", adapters.joined(separator: ", "),
        ]
    }
}
