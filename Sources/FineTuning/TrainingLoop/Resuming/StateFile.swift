import Checkpoints
import JSONDocuments
import LinuxSystem

/// Small JSON files of a checkpoint.
enum StateFile {
    static let scheduler = "scheduler.json"
    static let trainingArguments = "training_args.json"

    static func bytes(_ value: JSONValue) -> [UInt8] { value.serializedBytes(.indented(2)) + [UInt8(ascii: "\n")] }

    static func read(_ name: String, from folder: String) throws -> JSONValue? {
        let path = "\(folder)/\(name)"
        guard FileSystem.isFile(path) else { return nil }
        do {
            return try JSONValue(
                parsing: MappedFile.contents(of: path, limit: 1 << 30),
                limits: JSONLimits(maximumBytes: 1 << 30, maximumDepth: 32))
        } catch let error as JSONError {
            throw CheckpointError.damaged(path: folder, problem: "\(name): \(error)")
        }
    }
}
