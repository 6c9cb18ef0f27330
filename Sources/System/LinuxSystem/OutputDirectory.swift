import CLinuxShims
import Glibc

/// A directory below which files are written and nowhere else.
///
/// Every path is opened with openat2(2) and RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS: `..`, absolute paths and links,
/// also ones put there meanwhile, end in EXDEV or ELOOP and never outside. The directory itself stays the one that was
/// opened, whatever comes to its path later.
package final class OutputDirectory: Sendable {
    package let path: String
    private let descriptor: FileDescriptor

    /// Opens `path`, which is created when missing.
    ///
    /// - Parameter path: may contain links
    /// - Throws: `SystemError`, with EACCES for a place that is not one of `WritingPlaces`
    package init(path: String) throws(SystemError) {
        self.path = path
        guard WritingPlaces.areRestricted else {
            try FileSystem.createDirectories(path)
            descriptor = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            return
        }
        guard let place = FileSystem.place(of: path), WritingPlaces.allow(place) else {
            throw SystemError("open", path, code: EACCES)
        }
        // From the root on and past no link, so that what has changed since leads nowhere else.
        let root = OutputDirectory(path: "/", try FileDescriptor.open("/", O_RDONLY | O_DIRECTORY))
        let name = String(place.dropFirst())
        try root.createDirectories(above: name + "/.")
        descriptor = try root.open(name, O_RDONLY | O_DIRECTORY)
    }

    /// Opens a directory that is there.
    ///
    /// - Throws: as above
    package init(existing path: String) throws(SystemError) {
        self.path = path
        descriptor = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        if WritingPlaces.areRestricted, descriptor.place.map(WritingPlaces.allow) != true {
            throw SystemError("open", path, code: EACCES)
        }
    }

    private init(path: String, _ descriptor: consuming FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    /// The directory for calls that take a path; unlike `path` it stays this one. For its entries, not for what lies
    /// deeper, and not for people.
    package var anchor: String { "/proc/self/fd/\(descriptor.number)" }

    /// Opens what lies below, however deep.
    package func open(
        _ name: String, _ flags: Int32, mode: UInt32 = 0o644
    ) throws(SystemError) -> FileDescriptor {
        let subject = path + "/" + name
        // A NUL would cut the name short on its way to the kernel.
        guard !name.utf8.contains(0) else { throw SystemError("openat2", subject, code: EINVAL) }
        return FileDescriptor(
            owning: Int32(
                try checking("openat2", subject) {
                    Int(linux_open_beneath(descriptor.number, name, flags | O_CLOEXEC, mode))
                }))
    }

    /// Makes a directory in this one.
    ///
    /// - Parameter name: one part of a path
    package func makeDirectory(_ name: String, mode: UInt32 = 0o755) throws(SystemError) -> OutputDirectory {
        let subject = path + "/" + name
        guard mkdirat(descriptor.number, name, mode) == 0 else { throw SystemError("mkdir", subject) }
        return OutputDirectory(path: subject, try open(name, O_RDONLY | O_DIRECTORY))
    }

    /// Creates or replaces a file as a whole.
    package func write(_ bytes: some ContiguousBytesSource, to name: String) throws(SystemError) {
        let file = try AtomicFile(replacing: name, in: self)
        try file.write(bytes)
        try file.commit()
    }

    /// Names in the directory, sorted by their bytes.
    package func entries() throws(SystemError) -> [String] {
        try FileSystem.entries(of: open(".", O_RDONLY | O_DIRECTORY), path: path)
    }

    /// Makes new, renamed and removed entries durable.
    package func synchronize() throws(SystemError) { try descriptor.synchronize(subject: path) }
}
