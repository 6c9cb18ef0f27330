import JSONDocuments
import TerminalOutput

extension Command {
    static let models = Command("models", "list the models that are loaded") { _, context in
        let result = try context.client().call("model.list", context.request([]))
        context.list(((result["models"] ?? result).array ?? []).map(ModelRow.init))
        return .success
    }

    static let load = Command(
        "load", "load a model and keep it in memory", positionals: [.one("MODEL", .directory)],
        options: [.value("adapter", "DIR", "an adapter to load with it", kind: .directory)], takesOverrides: true
    ) { invocation, context in
        let params = context.request(
            ModelFields.of(model: invocation.positionals[0], invocation))
        let result = try context.client().call("model.load", params) { notification in
            if let text = (notification.params["value"]?["message"] ?? notification.params["value"])?.string {
                context.say(text)
            }
        }
        if context.wantsJSON {
            context.printJSON(result)
        } else {
            context.output.write((ModelRow(value: result["model"] ?? result).quietName) + "\n")
        }
        return .success
    }

    static let unload = Command(
        "unload", "take models out of memory", positionals: [.several("MODEL", .model)]
    ) { invocation, context in
        let client = try context.client()
        for model in invocation.positionals {
            let result = try client.call("model.unload", context.request([("model", .string(model))]))
            if context.wantsJSON { context.printJSON(result) } else { context.say("unloaded \(model)") }
        }
        return .success
    }
}

/// A resident model as lists show it.
struct ModelRow: Listable, JSONRow {
    static let headings = ["MODEL", "STATE", "FAMILY", "MEMORY", "ADAPTERS"]
    let value: JSONValue

    var quietName: String {
        (value["model"] ?? value["path"] ?? value["id"] ?? value["name"])?.string ?? value.string ?? "?"
    }
    var json: String { value.serialized(.compact) }

    var cells: [String] {
        let memory = (value["memory_bytes"] ?? value["resident_bytes"])?.integer
        let adapters = value["adapters"]?.array?.compactMap { ($0["path"] ?? $0["name"] ?? $0).string } ?? []
        return [
            quietName, value["state"]?.string ?? "loaded", (value["family"] ?? value["model_type"])?.string ?? "",
            memory.map(ReadableNumbers.bytes) ?? "", adapters.joined(separator: ", "),
        ]
    }
}

/// The fields of a request that choose model, adapter and parameters.
enum ModelFields {
    static func of(model: String, _ invocation: Invocation) -> [(String, JSONValue?)] {
        [
            ("model", .string(model)),
            ("adapter", invocation.value("adapter").map(JSONValue.string)),
            ("overrides", invocation.overrides.isEmpty ? nil : .array(invocation.overrides.map(JSONValue.string))),
        ]
    }

    static func of(_ invocation: Invocation) throws -> [(String, JSONValue?)] {
        of(model: try invocation.required("model"), invocation)
    }
}
