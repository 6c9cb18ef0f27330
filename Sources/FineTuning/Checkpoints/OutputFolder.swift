import Glibc
package import LinuxSystem
import WeightFiles

/// The output directory of a run, or a folder in it: every file is written below it, forced to the disk, renamed.
package struct OutputFolder: CheckpointOutput {
    let root: OutputDirectory
    /// Folder below the root, empty for the root itself.
    let folder: String

    /// Opens the run's output directory, which is created when missing.
    package init(path: String) throws {
        do {
            root = try OutputDirectory(path: path)
        } catch {
            throw CheckpointError.cannotWrite(path: path, cause: error)
        }
        folder = ""
    }

    init(root: OutputDirectory, folder: String) {
        self.root = root
        self.folder = folder
    }

    /// A folder inside this one, made when it is missing.
    package func folder(named name: String) throws -> OutputFolder {
        do {
            try root.createDirectories(above: "\(place(name))/file")
        } catch {
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
        return OutputFolder(root: root, folder: place(name))
    }

    package var path: String { folder.isEmpty ? root.path : "\(root.path)/\(folder)" }

    private func place(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }

    package func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let temporary = "\(name).tmp-\(getpid())"
        do {
            do {
                let file = try root.open(place(temporary), O_WRONLY | O_CREAT | O_TRUNC)
                try produce { try file.writeAll($0, subject: "\(path)/\(name)") }
                try file.synchronize(subject: "\(path)/\(name)")
            }
            guard rename("\(path)/\(temporary)", "\(path)/\(name)") == 0 else {
                throw SystemError("rename", "\(path)/\(name)")
            }
        } catch {
            unlink("\(path)/\(temporary)")
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
    }

    package func fileNames() throws -> [String] { try FileSystem.entries(of: path) }

    package func removeFile(_ name: String) throws {
        guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
            throw CheckpointError.cannotWrite(path: path, cause: SystemError("unlink", "\(path)/\(name)"))
        }
    }

    /// Makes the names of the files durable.
    package func synchronize() throws { try FileSystem.synchronizeDirectory(path) }

    /// Opens a file for appending; it is created when missing.
    package func openForAppending(_ name: String) throws -> FileDescriptor {
        do {
            return try root.open(place(name), O_WRONLY | O_CREAT | O_APPEND)
        } catch {
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
    }

    /// Tells a full disk from every other failure.
    package static func failure(_ error: any Error, path: String, needed: Int) -> any Error {
        guard let cause = error as? SystemError else { return error }
        guard cause.isDiskFull else { return CheckpointError.cannotWrite(path: path, cause: cause) }
        return CheckpointError.diskFull(
            path: path, needed: needed, available: FileSystem.availableBytes(at: path) ?? 0)
    }
}
