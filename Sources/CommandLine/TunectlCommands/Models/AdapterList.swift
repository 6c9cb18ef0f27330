import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let adapters = Command(
        "adapters", "list the adapters that are loaded", positionals: [.optional("MODEL", .model)],
        details: """
            With MODEL, only those of this base. `tunectl load MODEL --adapter DIR` loads one, `tunectl unload MODEL
            --adapter DIR` takes one out; chat and generate load what they are given.
            """
    ) { invocation, context in
        let result = try context.client().call(
            AdapterList.self,
            AdapterList.Parameters(
                model: invocation.positionals.first, workingDirectory: context.workingDirectory))
        context.list((result["adapters"]?.array ?? []).map(AdapterRow.init))
        return .success
    }
}

/// An adapter as lists show it.
struct AdapterRow: Listable, JSONRow {
    static let headings = ["ADAPTER", "MODEL", "RANK", "LAYERS", "MEMORY"]
    let value: JSONValue

    var quietName: String { value["adapter"]?.string ?? "?" }
    var json: String { value.serialized(.compact) }

    var cells: [String] {
        [
            quietName, value["model"]?.string ?? "", value["rank"]?.integer.map(String.init) ?? "",
            value["modules"]?.integer.map(String.init) ?? "",
            value["bytes"]?.integer.map(ReadableNumbers.bytes) ?? "",
        ]
    }
}
