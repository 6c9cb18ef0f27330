import JSONDocuments
import RunConfiguration
import ServiceAPI

/// `job:3` in a parameter that names a folder stands for the output directory of job 3, `job:3/x` for something in it.
///
/// They are replaced at submission: a job's output directory never changes.
enum JobReferences {
    private static let parameters: Set<String> = [
        "model_name_or_path", "adapter_name_or_path", "resume_from_checkpoint", "dataset_dir", "ref_model",
        "ref_model_adapters", "reward_model", "reward_model_adapters", "tokenized_path",
    ]

    /// The ids of the jobs that a configuration names, in order.
    static func jobs(in configuration: RunConfiguration) -> [String] {
        guard case .mapping(let entries) = configuration.explicitValues else { return [] }
        var ids: [String] = []
        for entry in entries where parameters.contains(entry.key) {
            _ = replacing(entry.value) { id in
                if !ids.contains(id) { ids.append(id) }
                return ""
            }
        }
        return ids
    }

    /// The folders that a configuration names otherwise, as they are written there.
    static func folders(in configuration: RunConfiguration) -> [String] {
        guard case .mapping(let entries) = configuration.explicitValues else { return [] }
        func names(_ value: ConfigurationValue) -> [String] {
            switch value {
            case .string(let text):
                text.split(separator: ",").map { String($0.drop { $0 == " " }) }.filter { !$0.hasPrefix(prefix) }
            case .list(let items): items.flatMap(names)
            default: []
            }
        }
        return entries.filter { parameters.contains($0.key) }.flatMap { names($0.value) }
    }

    /// Whether a path begins with a job's output directory.
    static func isReference(_ path: String) -> Bool { replacing(path) { _ in "" } != path }

    /// A path whose reference is replaced by the path that `output` tells for it.
    static func path(_ path: String, output: (String) -> String) -> String { replacing(path, output) }

    /// The given values with every reference replaced by the path that `output` tells for it.
    static func resolved(_ configuration: RunConfiguration, output: (String) -> String) -> ConfigurationSource {
        guard case .mapping(let entries) = configuration.explicitValues else { return ConfigurationSource(object: [:]) }
        let values = entries.map { entry in
            (entry.key, JSONValue(parameters.contains(entry.key) ? replacing(entry.value, output) : entry.value))
        }
        return ConfigurationSource(object: JSONObject(values))
    }

    private static func replacing(_ value: ConfigurationValue, _ output: (String) -> String) -> ConfigurationValue {
        switch value {
        case .string(let text): .string(replacing(text, output))
        case .list(let items): .list(items.map { replacing($0, output) })
        default: value
        }
    }

    private static func replacing(_ text: String, _ output: (String) -> String) -> String {
        guard text.contains(prefix) else { return text }
        // Some of these parameters take several folders with commas between them.
        return text.split(separator: ",", omittingEmptySubsequences: false).map { piece in
            let name = piece.drop { $0 == " " }
            guard name.hasPrefix(prefix) else { return String(piece) }
            let rest = name.dropFirst(prefix.count)
            let id = rest.prefix { $0 != "/" }
            guard !id.isEmpty, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return String(piece) }
            return output(String(id)) + rest.dropFirst(id.count)
        }.joined(separator: ",")
    }

    private static let prefix = "job:"
}
