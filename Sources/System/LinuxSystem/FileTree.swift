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

    /// - Parameter path: absolute
    /// - Throws: `SystemError`, with ELOOP where a part of the path is a link
    package init(path: String) throws(SystemError) {
        self.path = path
        let root = try FileDescriptor.open("/", O_RDONLY | O_DIRECTORY)
        let name = String(path.drop { $0 == "/" })
        descriptor = try Self.open(name.isEmpty ? "." : name, O_DIRECTORY, below: root, subject: path)
    }

    /// Opens a file below the folder for reading; links, `..`, absolute names, folders and devices are refused.
    package func open(_ name: String) throws(SystemError) -> FileDescriptor {
        let subject = path + "/" + name
        // A NUL would cut the name short on its way to the kernel.
        guard !name.isEmpty, !name.utf8.contains(0) else { throw SystemError("openat2", subject, code: EINVAL) }
        // O_NONBLOCK: a FIFO must not hold up whoever opens it.
        let file = try Self.open(name, O_NONBLOCK, below: descriptor, subject: subject)
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError("open", subject, code: EINVAL) }
        return file
    }

    /// The bytes of a small file, at most `limit`.
    package func contents(of name: String, limit: Int) throws(SystemError) -> [UInt8] {
        try open(name).readAll(limit: limit, subject: path + "/" + name)
    }

    package func size(of name: String) throws(SystemError) -> Int { Int(try open(name).status().st_size) }

    private static func open(
        _ name: String, _ flags: Int32, below folder: borrowing FileDescriptor, subject: String
    ) throws(SystemError) -> FileDescriptor {
        let number = folder.number
        return FileDescriptor(
            owning: Int32(
                try checking("openat2", subject) {
                    Int(linux_open_beneath(number, name, O_RDONLY | O_CLOEXEC | flags, 0))
                }))
    }

    /// Every regular file, sorted by name within its folder. What is written at this moment (`*.tmp-*`) is left out.
    package func files() throws(SystemError) -> [Entry] {
        var found: [Entry] = []
        try list("", depth: 0, into: &found)
        return found
    }

    private func list(_ name: String, depth: Int, into found: inout [Entry]) throws(SystemError) {
        let subject = name.isEmpty ? path : path + "/" + name
        guard depth <= Self.deepest else { throw SystemError("opendir", subject, code: ELOOP) }
        let folder = try Self.open(name.isEmpty ? "." : name, O_DIRECTORY, below: descriptor, subject: subject)
        for entry in try FileSystem.entries(of: folder, path: subject) where !entry.contains(".tmp-") {
            let relative = name.isEmpty ? entry : name + "/" + entry
            var status = stat()
            // It may be gone since.
            guard unsafe fstatat(folder.number, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try list(relative, depth: depth + 1, into: &found)
            case S_IFREG: found.append(Entry(name: relative, size: Int(status.st_size)))
            default: continue
            }
            guard found.count <= Self.mostFiles else { throw SystemError("opendir", path, code: E2BIG) }
        }
    }
}
