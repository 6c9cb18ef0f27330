import JSONDocuments
import RunConfiguration
import TerminalOutput

extension Command {
    static let params = Command(
        "params", "list the parameters of runs with defaults and meaning",
        positionals: [.several("NAME", .parameter, isRequired: false)],
        details: "With names, explains those; otherwise lists all, grouped."
    ) { invocation, context in
        let rows = try invocation.positionals.isEmpty ? Parameters.all : invocation.positionals.map(parameter)
        if context.wantsJSON || context.isQuiet || invocation.positionals.isEmpty {
            context.list(rows.map(ParameterRow.init))
        } else {
            context.output.write(rows.map(explanation).joined(separator: "\n"))
        }
        return .success
    }

    private static func parameter(_ name: String) throws -> ParameterDescription {
        if let row = Parameters.named(name) { return row }
        throw CommandFailure(
            kind: "not_found", message: "there is no parameter `\(name)`",
            hint: Parameters.nearestName(to: name).map { "did you mean `\($0)`?" })
    }

    private static func explanation(_ row: ParameterDescription) -> String {
        var lines = ["\(row.name): \(row.typeName), default \(row.defaultValue)", "  \(row.help)"]
        if !row.aliases.isEmpty { lines.append("  Also: \(row.aliases.joined(separator: ", ")).") }
        if !row.choices.isEmpty { lines.append("  One of: \(row.choices.joined(separator: ", ")).") }
        if let range = row.range { lines.append("  Must be \(range.summary).") }
        lines.append("  Effect: \(row.effectSummary).")
        return lines.joined(separator: "\n") + "\n"
    }
}

private struct ParameterRow: Listable, JSONRow {
    static let headings = ["NAME", "GROUP", "TYPE", "DEFAULT", "MEANING"]
    let row: ParameterDescription

    var cells: [String] {
        [row.name, row.group.rawValue, row.typeName, row.defaultValue.description, row.help]
    }
    var quietName: String { row.name }
    var value: JSONValue { JSONValue(row.listing) }
    var json: String { value.serialized(.compact) }
}

extension JSONValue {
    /// Plain configuration data as JSON.
    init(_ value: ConfigurationValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let text): self = .string(text)
        case .list(let items): self = .array(items.map { JSONValue($0) })
        case .mapping(let entries):
            self = .object(JSONObject(entries.map { (key: $0.key, value: JSONValue($0.value)) }))
        }
    }
}
