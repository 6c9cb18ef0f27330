import Glibc
package import LinuxSystem
import WeightFiles

/// The output directory of a run: every file is written below it, forced to the disk, renamed.
package struct OutputFolder: CheckpointOutput {
    let root: OutputDirectory

    /// Opens the run's output directory, which is created when missing.
    package init(path: String) throws {
        do {
            root = try OutputDirectory(path: path)
        } catch {
            throw CheckpointError.cannotWrite(path: path, cause: error)
        }
    }

    private init(root: OutputDirectory) { self.root = root }

    /// A folder inside this one, made when it is missing.
    package func folder(named name: String) throws -> OutputFolder {
        do {
            return OutputFolder(root: try root.makeDirectory(name))
        } catch {
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
    }

    package var path: String { root.path }

    package func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        do {
            try root.writeFile(name, produce)
        } catch {
            throw OutputFolder.failure(error, path: path, needed: 0)
        }
    }

    package func fileNames() throws -> [String] { try root.entries() }

    package func removeFile(_ name: String) throws {
        do {
            try root.removeFile(name)
        } catch {
            throw CheckpointError.cannotWrite(path: path, cause: error)
        }
    }

    /// Makes the names of the files durable.
    package func synchronize() throws { try root.synchronize() }

    /// Opens a file for appending; it is created when missing.
    package func openForAppending(_ name: String) throws -> FileDescriptor {
        do {
            // O_NONBLOCK: a FIFO must not hold the run up.
            return try root.open(name, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK)
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
