extension Parameters {
    /// The text of `docs/parameters.md`.
    package static var reference: String {
        var lines = [
            "# Parameters",
            "",
            "Generated from the table in `Sources/Configuration/RunConfiguration`; do not edit.",
            "`FINETUNED_UPDATE=1 swift test --filter RunConfigurationTests` writes it anew.",
            "",
            "A value acts, and the test named shows it; or it is refused with a reason; or it is not available yet and",
            "refused by name; or it is accepted although it cannot change the result here, and `tunectl check` says so.",
            "Types and defaults are those of LLaMA-Factory's parameter reference. Lists may be written with commas.",
        ]
        for group in ParameterGroup.allCases {
            let rows = all.filter { $0.group == group }
            guard !rows.isEmpty else { continue }
            lines += [
                "", "## \(group.title)", "", "| name | type | default | meaning | effect |", "|---|---|---|---|---|",
            ]
            lines += rows.map(\.referenceLine)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ParameterDescription {
    fileprivate var referenceLine: String {
        let names = ([name] + aliases).map { "`\($0)`" }.joined(separator: " ")
        var meaning = help
        if let range { meaning += " Must be \(range.summary)." }
        if !choices.isEmpty { meaning += " One of " + choices.map { "`\($0)`" }.joined(separator: ", ") + "." }
        return "| \(names) | \(typeName) | `\(defaultValue)` | \(meaning) | \(effectSummary) |"
    }
}
