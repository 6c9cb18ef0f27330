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
    private(set) var lineCount: Int

    /// Opens the log as it was at the checkpoint of `step`; what follows belongs to a run that was interrupted.
    ///
    /// - Parameter lines: how many it had then; without it, or if there are fewer, the lines' own steps tell
    init(in output: OutputFolder, keepingStepsUpTo step: Int, lines: Int?) throws {
        let path = "\(output.path)/\(Self.fileName)"
        let count = try Self.cutFile(in: output, path: path, step: step, lines: lines)
        file = try output.openForAppending(Self.fileName)
        self.path = path
        lineCount = count
    }

    /// - Returns: how many lines are left
    private static func cutFile(in output: OutputFolder, path: String, step: Int, lines: Int?) throws -> Int {
        guard FileSystem.isFile(path) else { return 0 }
        let old = try MappedFile.contents(of: path, limit: 1 << 30)
        let kept = lines.flatMap { cut(old, afterLine: $0) } ?? cut(old, after: step)
        if kept.count != old.count { try output.writeFile(fileName, bytes: kept) }
        return kept.count { $0 == UInt8(ascii: "\n") }
    }

    mutating func append(_ line: TrainerLogLine) throws {
        lineCount += 1
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

    /// The first `count` lines; nil if there are fewer.
    package static func cut(_ bytes: [UInt8], afterLine count: Int) -> [UInt8]? {
        guard count > 0 else { return [] }
        var found = 0
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            found += 1
            if found == count { return Array(bytes[...index]) }
        }
        return nil
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
