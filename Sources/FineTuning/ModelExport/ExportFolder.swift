import Checkpoints
import Glibc
import JSONDocuments
import LinuxSystem
import WeightFiles

/// The folder that is exported into. Files are written into a folder of their own inside it and moved out when all are
/// there and proven, `config.json` last: without it no loader takes the folder for a model.
///
/// Every whole file is noted with its hash, so that an export that was killed goes on behind the last one.
final class ExportFolder {
    /// Where files lie until all are there.
    static let partialName = ".export"
    private static let journalName = "PROGRESS.json"
    static let reportName = "export_report.json"

    let path: String
    private let root: OutputDirectory
    private let partial: OutputDirectory
    private var journal: Journal

    private struct Journal: Codable {
        /// What the export is made from and how; files of another one are not used.
        var fingerprint: String
        var files: [CheckpointManifest.File] = []
        /// Whether the files were proven, so that only moving is left.
        var isProven = false
    }

    /// Opens the folder, which is created when missing, and finds what an earlier attempt has left.
    init(path: String, fingerprint: String) throws {
        self.path = path
        let (root, name) = (try OutputDirectory(path: path), Self.partialName)
        let journal = Self.readJournal(root)
        if let journal, journal.fingerprint == fingerprint {
            self.journal = journal
        } else {
            try root.remove(name)
            self.journal = Journal(fingerprint: fingerprint)
        }
        partial =
            FileSystem.isDirectory("\(root.anchor)/\(name)")
            ? try OutputDirectory(existing: "\(path)/\(name)") : try root.makeDirectory(name)
        self.root = root
    }

    /// The folder with the files while they are being written.
    var partialPath: String { "\(path)/\(Self.partialName)" }
    var isProven: Bool { journal.isProven }
    var files: [CheckpointManifest.File] { journal.files }

    private static func readJournal(_ root: OutputDirectory) -> Journal? {
        guard let file = try? root.open("\(partialName)/\(journalName)", O_RDONLY | O_NONBLOCK),
            let bytes = try? file.readAll(limit: 16 << 20), let value = try? JSONValue(parsing: bytes)
        else { return nil }
        return try? value.decoded(as: Journal.self)
    }

    /// Whether an earlier attempt has written the file to its end and nothing has happened to it since.
    func holds(_ file: ExportFile) throws -> Bool {
        guard let known = journal.files.first(where: { $0.name == file.name }) else { return false }
        return try partial.hash(of: file.name) == known.xxh3
    }

    /// Writes a file as a whole and notes it.
    func write(_ file: ExportFile) throws {
        do {
            let output = try AtomicFile(replacing: file.name, in: partial)
            try file.write(output)
            Failpoint.exportWrite.pass()
            let hash = try output.hash()
            try output.commit()
            let size = FileSystem.size(of: "\(partial.anchor)/\(file.name)") ?? 0
            journal.files.removeAll { $0.name == file.name }
            journal.files.append(.init(name: file.name, size: size, xxh3: hash))
            try note()
            Failpoint.exportNote.pass()
        } catch {
            throw failure(error, needed: file.byteCount)
        }
    }

    /// Keeps what an export that goes on needs and a complete one does not.
    func keep(_ bytes: [UInt8], as name: String) throws {
        do {
            try partial.write(bytes, to: name)
            // The next attempt knows by the journal that the folder is its own.
            try note()
            Failpoint.exportWrite.pass()
        } catch {
            throw failure(error, needed: bytes.count)
        }
    }

    /// The path of what was kept; nil where nothing was.
    func kept(_ name: String) -> String? {
        let path = "\(partial.anchor)/\(name)"
        return FileSystem.isFile(path) ? path : nil
    }

    /// Notes that all files are there and are what they should be.
    func noteProof() throws {
        journal.isProven = true
        try note()
    }

    private func note() throws {
        try partial.write(JSONValue(encoding: journal).serializedBytes(.indented(2)), to: Self.journalName)
    }

    /// Puts the files in their places; what an earlier export had left there goes.
    ///
    /// - Parameter isStale: whether a file belongs to an earlier export when this one has not written it
    func publish(isStale: (String) -> Bool) throws {
        let last = ModelFiles.configuration
        do {
            let written = Set(journal.files.map(\.name))
            let waiting = Set(try partial.entries())
            if waiting.contains(last) { try root.removeFile(last) }
            for name in try root.entries() where !written.contains(name) && isStale(name) { try root.removeFile(name) }
            try root.synchronize()
            for name in written.sorted() where name != last && waiting.contains(name) {
                try root.move("\(Self.partialName)/\(name)", to: name)
                Failpoint.exportMove.pass()
            }
            try root.synchronize()
            if waiting.contains(last) { try root.move("\(Self.partialName)/\(last)", to: last) }
            try root.synchronize()
            Failpoint.exportMove.pass()
            try root.remove(Self.partialName)
            try root.synchronize()
        } catch {
            throw failure(error, needed: 0)
        }
    }

    /// Lets go of everything that was written.
    func discard() throws { try root.remove(Self.partialName) }

    /// Refuses early what the disk has no room for.
    func requireSpace(_ needed: Int) throws {
        guard let available = FileSystem.availableBytes(at: path), available < needed else { return }
        throw CheckpointError.diskFull(path: path, needed: needed, available: available)
    }

    private func failure(_ error: any Error, needed: Int) -> any Error {
        OutputFolder.failure(error, path: path, needed: needed)
    }
}
