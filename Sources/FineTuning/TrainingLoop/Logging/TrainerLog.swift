import Checkpoints
import Glibc
import JSONDocuments
import LinuxSystem
import WeightFiles

/// The file `trainer_log.jsonl` of an output directory.
package struct TrainerLog: ~Copyable {
    static let fileName = "trainer_log.jsonl"

    private let file: FileDescriptor
    private let path: String

    /// Opens the log as it was at the checkpoint of `step`; what follows belongs to a run that was interrupted.
    ///
    /// - Parameter bytes: its length then; without it the lines' own steps tell
    init(in output: OutputFolder, keepingStepsUpTo step: Int, bytes: Int?) throws {
        path = "\(output.path)/\(Self.fileName)"
        if FileSystem.isFile(path) {
            let old = try MappedFile.contents(of: path, limit: 1 << 30)
            let isWhole = bytes.map { $0 > 0 && $0 <= old.count && old[$0 - 1] == UInt8(ascii: "\n") } ?? false
            let kept = isWhole ? Array(old.prefix(bytes ?? 0)) : Self.cut(old, after: step)
            if kept.count != old.count { try output.writeFile(Self.fileName, bytes: kept) }
        }
        file = try output.openForAppending(Self.fileName)
    }

    var byteCount: Int { get throws { Int(try file.status().st_size) } }

    func append(_ line: TrainerLogLine) throws {
        do {
            try file.writeAll(line.json.serializedBytes(.spaced) + [UInt8(ascii: "\n")], subject: path)
        } catch {
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
    }

    /// Forces the lines to the disk, so that they are at least as new as the checkpoint that follows.
    func synchronize() throws {
        do {
            try file.synchronize(subject: path)
        } catch {
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
    }

    /// The lines of steps up to `step`; a line without figures is the summary of a run that has ended.
    package static func cut(_ bytes: [UInt8], after step: Int) -> [UInt8] {
        guard step > 0 else { return [] }
        var kept: [UInt8] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let value = try? JSONValue(parsing: Array(line)), let current = value["current_steps"]?.integer,
                current <= Int64(step), value["loss"] != nil || value["eval_loss"] != nil
            else { continue }
            kept += line + [UInt8(ascii: "\n")]
        }
        return kept
    }
}
