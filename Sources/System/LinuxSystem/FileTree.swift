import CLinuxShims
import Glibc

/// A folder whose regular files are read, and nothing outside it: links are not followed.
package final class FileTree: Sendable {
    package let path: String
    private let descriptor: FileDescriptor

    package struct Entry: Equatable, Sendable {
        /// Relative to the folder, parts separated by `/`.
        package let name: String
        package let size: Int
    }

    /// A folder with more is refused instead of listed in part.
    package static let mostFiles = 100_000
    private static let deepest = 32

    package init(path: String) throws(SystemError) {
        self.path = path
        descriptor = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
    }

    /// Opens a file below the folder for reading; links, `..`, absolute names, folders and devices are refused.
    package func open(_ name: String) throws(SystemError) -> FileDescriptor {
        let subject = path + "/" + name
        // A NUL would cut the name short on its way to the kernel.
        guard !name.isEmpty, !name.utf8.contains(0) else { throw SystemError("openat2", subject, code: EINVAL) }
        // O_NONBLOCK: a FIFO must not hold up whoever opens it.
        let file = FileDescriptor(
            owning: Int32(
                try checking("openat2", subject) {
                    Int(linux_open_beneath(descriptor.number, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0))
                }))
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError("open", subject, code: EINVAL) }
        return file
    }

    /// Every regular file, sorted by name within its folder. What is written at this moment (`*.tmp-*`) is left out.
    package func files() throws(SystemError) -> [Entry] {
        var found: [Entry] = []
        try list("", depth: 0, into: &found)
        return found
    }

    private func list(_ folder: String, depth: Int, into found: inout [Entry]) throws(SystemError) {
        guard depth <= Self.deepest else { throw SystemError("opendir", path + "/" + folder, code: ELOOP) }
        for name in try FileSystem.entries(of: folder.isEmpty ? path : path + "/" + folder)
        where !name.contains(".tmp-") {
            let relative = folder.isEmpty ? name : folder + "/" + name
            var status = stat()
            guard unsafe lstat(path + "/" + relative, &status) == 0 else { continue }  // Gone since.
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try list(relative, depth: depth + 1, into: &found)
            case S_IFREG: found.append(Entry(name: relative, size: Int(status.st_size)))
            default: continue
            }
            guard found.count <= Self.mostFiles else { throw SystemError("opendir", path, code: E2BIG) }
        }
    }
}
