import Glibc
import JSONDocuments
import LinuxSystem
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
    private var files: [CheckpointManifest.File] = []
    private var isFinished = false

    /// Begins the checkpoint of `step` below the run's output folder.
    package init(step: Int, in output: OutputFolder) throws {
        root = output.root
        self.step = step
        temporary = CheckpointName.temporary(step: step, identifier: .random(in: 0 ... .max))
        guard mkdir("\(root.path)/\(temporary)", 0o755) == 0 else {
            throw OutputFolder.failure(SystemError("mkdir", "\(root.path)/\(temporary)"), path: root.path, needed: 0)
        }
    }

    deinit { if !isFinished { try? FileSystem.remove(path) } }

    /// The folder while it is being written.
    package var path: String { "\(root.path)/\(temporary)" }

    private var writtenBytes: Int { files.reduce(0) { $0 + $1.size } }

    package func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let size = try write(name, then: .checkpointWrite, produce)
        files.append(.init(name: name, size: size, xxh3: try FileHash.ofFile("\(path)/\(name)")))
    }

    /// Takes in files of another checkpoint without copying them.
    package func link(_ names: [String], from folder: String) throws {
        for name in names {
            guard Glibc.link("\(folder)/\(name)", "\(path)/\(name)") == 0 else {
                throw OutputFolder.failure(SystemError("link", "\(folder)/\(name)"), path: root.path, needed: 0)
            }
            let size = Int(try FileDescriptor.open("\(path)/\(name)", O_RDONLY).status().st_size)
            files.append(.init(name: name, size: size, xxh3: try FileHash.ofFile("\(path)/\(name)")))
        }
    }

    package func fileNames() throws -> [String] { try FileSystem.entries(of: path) }

    package func removeFile(_ name: String) throws {
        guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
            throw CheckpointError.cannotWrite(path: path, cause: SystemError("unlink", "\(path)/\(name)"))
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
    ///   - other: a checkpoint whose age it takes over
    /// - Returns: the checkpoint's path
    package func commit(
        run: String, _ conditions: CheckpointManifest.Conditions, passing: Passing? = nil, asOldAs other: String? = nil
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
        let target = "\(root.path)/\(CheckpointName.folder(step: step))"
        do {
            if let other { try FileSystem.copyTimes(of: other, to: path) }
            try FileSystem.synchronizeDirectory(path)
            Failpoint.checkpointFolderSync.pass()
            try FileSystem.exchange(path, with: target)
            isFinished = true
            Failpoint.checkpointRename.pass()
            try root.synchronize()
            Failpoint.checkpointParentSync.pass()
            // One of the same step that was there before.
            try FileSystem.remove(path)
        } catch {
            throw OutputFolder.failure(error, path: root.path, needed: writtenBytes)
        }
        return target
    }

    @discardableResult
    private func write(
        _ name: String, then point: Failpoint,
        _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> Int {
        var size = 0
        do {
            let file = try root.open("\(temporary)/\(name)", O_WRONLY | O_CREAT | O_TRUNC)
            try produce { piece in
                size += piece.count
                try file.writeAll(piece, subject: "\(path)/\(name)")
            }
            point.pass()
            try file.synchronize(subject: "\(path)/\(name)")
            Failpoint.checkpointFileSync.pass()
        } catch {
            // What has been written goes with the temporary folder, so all of it is needed again.
            throw OutputFolder.failure(error, path: root.path, needed: writtenBytes + size)
        }
        return size
    }
}
