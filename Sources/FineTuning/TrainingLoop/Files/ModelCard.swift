import JSONDocuments

/// `README.md` of a trained model: what it was made from and how.
struct ModelCard {
    var baseModel: String
    var method: String
    var stage: String
    var datasets: [String]
    var isAdapter: Bool
    /// Settings worth telling, in the order in which they are shown.
    var settings: [(name: String, value: String)]
    var results: JSONObject

    var text: String {
        var lines = ["---", "library_name: \(isAdapter ? "peft" : "transformers")", "license: other"]
        lines.append("base_model: \(quoted(baseModel))")
        lines += ["pipeline_tag: text-generation", "tags:"]
        if isAdapter { lines.append("- \(quoted("base_model:adapter:\(baseModel)"))") }
        lines += ["- llama-factory", "- \(method)", "- transformers"]
        if !datasets.isEmpty { lines += ["datasets:"] + datasets.map { "- \(quoted($0))" } }
        lines += ["---", "", "# \(method) of \(baseModel)", ""]
        lines.append(
            "\(isAdapter ? "An adapter for" : "A model made from") `\(baseModel)`, trained with finetuned in the stage "
                + "`\(stage)`" + (datasets.isEmpty ? "." : " on \(datasets.map { "`\($0)`" }.joined(separator: ", ")).")
        )
        lines += ["", "## Training", ""] + settings.map { "- \($0.name): \($0.value)" }
        if !results.isEmpty {
            lines += ["", "## Results", ""]
            lines += results.sorted { $0.key < $1.key }.map { "- \($0.key): \($0.value.serialized())" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A YAML text in double quotes, which are JSON's.
    private func quoted(_ text: String) -> String { JSONValue.string(text).serialized() }
}
