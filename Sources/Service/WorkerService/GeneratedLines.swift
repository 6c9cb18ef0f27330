package import Checkpoints
import Glibc
package import JSONDocuments
import LinuxSystem
import ServiceAPI
import WeightFiles

/// `generated.jsonl` of a job, and beside it the record that tells whose lines they are and which are on the disk.
///
/// The lines are their own checkpoint: a worker that takes over goes on behind the last whole one, if this run has
/// written them.
package final class GeneratedLines {
    package static let fileName = "generated.jsonl"
    package static let recordName = "generated.run.json"

    /// Lines that are there, those of earlier attempts included.
    package private(set) var count = 0
    /// Those of them that tell of an error.
    package private(set) var errors = 0

    private let folder: OutputFolder
    private let run: String
    private let input: String
    private let file: FileDescriptor
    private var byteCount = 0
    private let hash = FileHash.Stream()

    private struct Record: Codable {
        var version = 1
        /// As in a checkpoint's manifest.
        var run: String
        /// XXH3-128 of the input.
        var input: String
        var lines = 0
        var bytes = 0
        /// Of so many bytes.
        var xxh3 = FileHash.of([])
        /// Which file it is, by which it is known until the first lines are recorded.
        var file = ""
    }

    private var path: String { "\(folder.path)/\(Self.fileName)" }

    /// - Parameters:
    ///   - run: names the job
    ///   - input: the hash of the lines that are answered
    ///   - isContinuation: whether a worker of this run was there before
    ///   - overwrites: whether the lines of others may go
    /// - Throws: `CheckpointError.outputNotEmpty` for another run's lines, `ServiceError` for lines that were changed
    package init(
        in folder: OutputFolder, run: String, input: String, isContinuation: Bool, overwrites: Bool
    ) throws {
        (self.folder, self.run, self.input) = (folder, run, input)
        if isContinuation, let record = Self.record(in: folder), record.run == run {
            file = try folder.openForAppending(Self.fileName)
            try takeOver(record)
            return
        }
        guard overwrites || FileSystem.size(of: "\(folder.path)/\(Self.fileName)") ?? 0 == 0 else {
            throw CheckpointError.outputNotEmpty(path: folder.path, file: Self.fileName)
        }
        // Should this end in between, there are no lines, and never a record of other lines.
        try folder.removeFile(Self.fileName)
        file = try folder.openForAppending(Self.fileName)
        try synchronize()
    }

    /// Counts what is there, and cuts off the part of a line.
    private func takeOver(_ record: Record) throws {
        guard record.input == input else {
            throw ServiceError(
                .badData, "the input has changed since \(record.lines) of its lines were answered",
                hint: "submit a new job with another output_dir")
        }
        let old = try MappedFile(path: path)
        guard old.count >= record.bytes, FileHash.of(Array(old.bytes[..<record.bytes])) == record.xxh3,
            try old.count == 0 || record.bytes > 0 || file.identity() == record.file
        else {
            throw ServiceError(
                .badData, "\(path) is not what this job has written so far",
                hint: "submit a new job with another output_dir", file: path)
        }
        let end = old.bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        if end < old.count { try checking("ftruncate", path) { Int(ftruncate(file.number, off_t(end))) } }
        let lines = old.bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for line in lines.dropLast() {
            take(Array(line) + [UInt8(ascii: "\n")])
        }
    }

    private static let errorBeginning = Array("{\"error\":".utf8)

    private func take(_ line: [UInt8]) {
        count += 1
        byteCount += line.count
        if line.starts(with: Self.errorBeginning) { errors += 1 }
        hash.update(line)
    }

    package func append(_ value: JSONValue) throws {
        let line = value.serializedBytes(.compact) + [UInt8(ascii: "\n")]
        do {
            try file.writeAll(line, subject: path)
        } catch {
            throw OutputFolder.failure(error, path: folder.path, needed: line.count)
        }
        take(line)
    }

    /// Forces the lines to the disk, then records that they are there.
    package func synchronize() throws {
        try file.synchronize(subject: path)
        let record = Record(
            run: run, input: input, lines: count, bytes: byteCount, xxh3: hash.digest, file: try file.identity())
        try folder.writeFile(
            Self.recordName,
            bytes: try JSONValue(encoding: record).serializedBytes(.indented(2)) + [UInt8(ascii: "\n")])
        try folder.synchronize()
    }

    private static func record(in folder: OutputFolder) -> Record? {
        guard let bytes = try? MappedFile.contents(of: "\(folder.path)/\(recordName)", limit: 1 << 20),
            let record = try? JSONValue(parsing: bytes).decoded(as: Record.self), record.version == 1
        else { return nil }
        return record
    }
}
