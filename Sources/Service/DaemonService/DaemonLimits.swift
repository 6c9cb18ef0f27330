import LinuxSystem
import RunConfiguration

/// Bounds that `finetuned.yaml` may set, below `limits`.
struct DaemonLimits {
    var connectionsPerUser = 256
    var runningJobs = 1
    var residentModels = 4
    /// Most anonymous memory of one worker, in bytes; nil for no bound of our own.
    var workerMemory: Int?
    /// Threads of one worker, 0 for one per processor.
    var workerThreads = 0

    struct BadFile: Error, CustomStringConvertible {
        let description: String
    }

    /// Names as the file has them, for `system.info`.
    var published: [String: Int] {
        var values = [
            "connections_per_user": connectionsPerUser, "running_jobs": runningJobs,
            "resident_models": residentModels, "worker_threads": workerThreads,
        ]
        values["worker_memory"] = workerMemory
        return values
    }

    mutating func read(file: String) throws {
        let text = String(decoding: try MappedFile.contents(of: file, limit: 1 << 20), as: UTF8.self)
        let document = try ConfigurationValue.parse(yaml: text, name: file)
        guard case .mapping(let sections) = document else {
            throw BadFile(description: "\(file): expected a mapping with the key `limits`")
        }
        for section in sections {
            guard section.key == "limits", case .mapping(let entries) = section.value else {
                throw BadFile(description: "\(file): unknown key `\(section.key)`; `limits` is the only one")
            }
            for entry in entries { try set(entry.key, entry.value, file: file) }
        }
    }

    private mutating func set(_ name: String, _ value: ConfigurationValue, file: String) throws {
        guard case .integer(let number) = value, number >= 0, number <= Int64(Int32.max) << 20 else {
            throw BadFile(description: "\(file): `limits.\(name)` must be a whole number, not `\(value)`")
        }
        switch name {
        case "connections_per_user": connectionsPerUser = max(1, Int(number))
        case "running_jobs": runningJobs = max(1, Int(number))
        case "resident_models": residentModels = max(1, Int(number))
        case "worker_memory": workerMemory = number == 0 ? nil : Int(number)
        case "worker_threads": workerThreads = Int(number)
        default:
            let known = published.keys.sorted() + ["worker_memory"]
            throw BadFile(
                description: "\(file): unknown key `limits.\(name)`; there are \(known.joined(separator: ", "))")
        }
    }
}
