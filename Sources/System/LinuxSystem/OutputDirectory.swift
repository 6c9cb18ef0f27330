import CLinuxShims
package import Glibc

/// A directory below which files are written and nowhere else.
///
/// Every path is opened with openat2(2) and RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS: `..`, absolute paths and links,
/// also ones put there meanwhile, end in EXDEV or ELOOP and never outside.
package final class OutputDirectory: Sendable {
    package let path: String
    private let descriptor: FileDescriptor

    /// Opens `path`, which is created when missing; the path itself may contain links.
    package init(path: String) throws(SystemError) {
        try FileSystem.createDirectories(path)
        self.path = path
        descriptor = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
    }

    package func open(
        _ name: String, _ flags: Int32, mode: UInt32 = 0o644
    ) throws(SystemError) -> FileDescriptor {
        let subject = path + "/" + name
        return FileDescriptor(
            owning: Int32(
                try checking("openat2", subject) {
                    Int(linux_open_beneath(descriptor.number, name, flags | O_CLOEXEC, mode))
                }))
    }

    /// Creates or replaces a file and forces it to the disk.
    package func write(_ bytes: some ContiguousBytesSource, to name: String) throws(SystemError) {
        let file = try open(name, O_WRONLY | O_CREAT | O_TRUNC)
        try file.writeAll(bytes, subject: path + "/" + name)
        try file.synchronize(subject: path + "/" + name)
    }

    package func synchronize() throws(SystemError) { try descriptor.synchronize(subject: path) }
}
