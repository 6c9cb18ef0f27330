import Checkpoints
import JSONDocuments
import LinuxSystem
import WeightFiles

/// `train_results.json`, `eval_results.json` and `all_results.json`, which gathers both.
enum ResultFiles {
    static let all = "all_results.json"

    static func write(_ metrics: JSONObject, split: String, into output: OutputFolder) throws {
        try output.writeFile("\(split)_results.json", bytes: text(metrics))
        var gathered = read("\(output.path)/\(all)")
        for (key, value) in metrics { gathered[key] = value }
        try output.writeFile(all, bytes: text(gathered))
    }

    /// The figures that are already there; a file that cannot be read counts as empty, as it is replaced.
    static func read(_ path: String) -> JSONObject {
        guard let bytes = try? MappedFile.contents(of: path, limit: 1 << 20) else { return [:] }
        return (try? JSONValue(parsing: bytes))?.object ?? [:]
    }

    private static func text(_ metrics: JSONObject) -> [UInt8] {
        JSONValue.object(metrics).serializedBytes(.indented(4), sortedKeys: true)
    }
}
