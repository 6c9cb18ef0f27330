import Checkpoints
import JSONDocuments

/// `export_report.json`: what was written, from what, and how it was proven.
struct ExportReport {
    var model: String
    var adapters: [String]
    var format: String
    var files: [CheckpointManifest.File]
    /// Text and ids that the tokenizers were compared on; nil for a model without a tokenizer.
    var text: (text: String, ids: [Int32])?
    /// Nil where nothing was compared (`export_verify: false`).
    var comparisons: [(format: String, ExportComparison)]?

    var json: JSONValue {
        func ids(_ values: [Int32]) -> JSONValue { .array(values.map { .integer(Int64($0)) }) }
        var object: JSONObject = [
            "model": .string(model), "adapters": .array(adapters.map(JSONValue.string)), "dtype": .string(format),
            "verified": .bool(comparisons != nil),
            "files": .array(
                files.map { ["name": .string($0.name), "bytes": .integer(Int64($0.size)), "xxh3": .string($0.xxh3)] }),
        ]
        if let text { object["tokenizer"] = ["text": .string(text.text), "ids": ids(text.ids), "equal": true] }
        if let comparisons {
            object["comparisons"] = .array(
                comparisons.map { name, comparison in
                    var object: JSONObject = [
                        "format": .string(name),
                        "largest_logprob_difference": .number(comparison.largestDifference),
                        "mean_logprob_difference": .number(comparison.meanDifference),
                        "tolerance": comparison.tolerance.map { .number($0) } ?? .null,
                        "compared_tokens": .integer(Int64(comparison.count)),
                        "greedy_agreement": .number(comparison.agreement),
                        "prompts": .array(
                            comparison.prompts.indices.map { number in
                                [
                                    "ids": ids(comparison.prompts[number]),
                                    "greedy": ids(comparison.expected[number]),
                                    "exported_greedy": ids(comparison.found[number]),
                                ]
                            }),
                    ]
                    if let (original, exported) = comparison.perplexities {
                        object["perplexity"] = ["original": .number(original), "exported": .number(exported)]
                    }
                    return .object(object)
                })
        }
        return .object(object)
    }

    var file: ExportFile {
        ExportFile(
            name: ExportFolder.reportName, bytes: json.serializedBytes(.indented(2)) + [UInt8(ascii: "\n")])
    }
}
