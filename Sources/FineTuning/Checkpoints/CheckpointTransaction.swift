import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import WeightFiles

/// A checkpoint being written: a folder of its own that becomes `checkpoint-N` only when it is complete.
///
/// Files are forced to the disk one by one, the manifest comes last, then the folder is renamed and its parent
/// forced to the disk. A crash at any point leaves either the whole checkpoint or a folder that nobody uses; where a
/// checkpoint of the same step is replaced, one of both is in its place at any moment.
package final class CheckpointTransaction: CheckpointOutput {
    private let root: OutputDirectory
    private let step: Int
    private let temporary: String
    /// The folder while it is being written.
    private let folder: OutputDirectory
    private var files: [CheckpointManifest.File] = []
    private var isFinished = false

    /// Begins the checkpoint of `step` below the run's output folder.
    package init(step: Int, in output: OutputFolder) throws {
        root = output.root
        self.step = step
        temporary = CheckpointName.temporary(step: step, identifier: .random(in: 0 ... .max))
        do {
            folder = try root.makeDirectory(temporary)
        } catch {
            throw OutputFolder.failure(error, path: root.path, needed: 0)
        }
    }

    deinit { if !isFinished { try? root.remove(temporary) } }

    /// Where the folder is while it is being written, for messages.
    package var path: String { folder.path }

    private var writtenBytes: Int { files.reduce(0) { $0 + $1.size } }

    package func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        try list(name, size: try write(name, then: .checkpointWrite, produce))
    }

    /// Takes in files of another checkpoint of the same run without copying them.
    package func link(_ names: [String], fromStep step: Int) throws {
        for name in names {
            do {
                try root.link("\(CheckpointName.folder(step: step))/\(name)", to: "\(temporary)/\(name)")
            } catch {
                throw OutputFolder.failure(error, path: root.path, needed: 0)
            }
            try list(name, size: Int(try folder.open(name, O_RDONLY).status().st_size))
        }
    }

    /// Puts a file that is there into the manifest.
    private func list(_ name: String, size: Int) throws {
        guard let hash = try folder.hash(of: name) else {
            throw CheckpointError.cannotWrite(path: path, cause: SystemError("open", "\(path)/\(name)", code: ENOENT))
        }
        files.append(.init(name: name, size: size, xxh3: hash))
    }

    package func fileNames() throws -> [String] { try folder.entries() }

    package func removeFile(_ name: String) throws {
        do {
            try folder.removeFile(name)
        } catch {
            throw CheckpointError.cannotWrite(path: path, cause: error)
        }
        files.removeAll { $0.name == name }
    }

    /// What of a checkpoint goes once its run has gone on from it.
    package enum Passing: Equatable, Sendable {
        /// It was written for a pause only.
        case whole
        /// These were added for a pause to a checkpoint that stays.
        case files([String])
    }

    /// Writes the manifest and puts the checkpoint in its place; one of the same step is replaced in one move.
    ///
    /// - Parameters:
    ///   - passing: nil for a checkpoint that stays as it is
    ///   - other: the step of a checkpoint whose age it takes over
    /// - Returns: the checkpoint's path
    package func commit(
        run: String, _ conditions: CheckpointManifest.Conditions, passing: Passing? = nil, asOldAs other: Int? = nil
    ) throws -> String {
        let names: [String]? =
            switch passing {
            case nil: nil
            case .whole: files.map(\.name)
            case .files(let names): names
            }
        let manifest = CheckpointManifest(
            version: CheckpointManifest.currentVersion, step: step, run: run, files: files, conditions: conditions,
            passing: names)
        let text = try JSONValue(encoding: manifest).serializedBytes(.indented(2)) + [UInt8(ascii: "\n")]
        try write(CheckpointManifest.fileName, then: .checkpointManifest) { append in
            try text.withUnsafeBytes { try append($0) }
        }
        let target = CheckpointName.folder(step: step)
        do {
            if let other {
                try FileSystem.copyTimes(of: "\(root.anchor)/\(CheckpointName.folder(step: other))", to: folder.anchor)
            }
            try folder.synchronize()
            Failpoint.checkpointFolderSync.pass()
            try root.exchange(temporary, with: target)
            isFinished = true
            Failpoint.checkpointRename.pass()
            try root.synchronize()
            Failpoint.checkpointParentSync.pass()
            // One of the same step that was there before.
            try root.remove(temporary)
        } catch {
            throw OutputFolder.failure(error, path: root.path, needed: writtenBytes)
        }
        return "\(root.path)/\(target)"
    }

    @discardableResult
    private func write(
        _ name: String, then point: Failpoint,
        _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> Int {
        var size = 0
        do {
            let file = try AtomicFile(replacing: name, in: folder)
            try produce { piece in
                size += piece.count
                try file.write(piece)
            }
            point.pass()
            try file.commit(synchronizingFolder: false)
            Failpoint.checkpointFileSync.pass()
        } catch {
            // What has been written goes with the temporary folder, so all of it is needed again.
            throw OutputFolder.failure(error, path: root.path, needed: writtenBytes + size)
        }
        return size
    }
}
