import Glibc

/// A file written beside its target, which replaces it only on `commit()`: how this program writes files that others
/// read.
///
/// write, fsync, rename, fsync of the folder: a crash leaves the old file or the new one, never a part.
package final class AtomicFile {
    private let place: OutputDirectory
    private let name: String
    private let folder: FileDescriptor
    private let temporary: String
    private let descriptor: FileDescriptor
    private var isCommitted = false

    private var subject: String { place.path + "/" + name }

    /// - Parameter name: in the directory or below it, in a folder that is there
    /// - Throws: `SystemError`, with EEXIST where something else than a file or a link has the name
    package init(replacing name: String, in place: OutputDirectory, mode: UInt32 = 0o644) throws(SystemError) {
        self.place = place
        self.name = name
        folder = try place.folder(of: name)
        let last = Path.lastComponent(of: name)
        var status = stat()
        if unsafe fstatat(folder.number, last, &status, AT_SYMLINK_NOFOLLOW) == 0 {
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFREG || kind == S_IFLNK else {
                throw SystemError("open", "\(place.path)/\(name)", code: kind == S_IFDIR ? EISDIR : EEXIST)
            }
        }
        // A name may have 255 bytes; this one has to be longer than the target's.
        let beginning = String(decoding: last.utf8.prefix(100), as: UTF8.self)
        temporary = "\(beginning)\(Self.mark)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let (number, temporary) = (folder.number, temporary)
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        descriptor = FileDescriptor(
            owning: Int32(
                try checking("open", "\(place.path)/\(name)") { Int(openat(number, temporary, flags, mode)) }))
    }

    /// - Parameter path: where it is a link, the file that it leads to is replaced
    package convenience init(replacing path: String, mode: UInt32 = 0o644) throws(SystemError) {
        let target = FileSystem.canonicalPath(path) ?? path
        try self.init(
            replacing: Path.lastComponent(of: target), in: OutputDirectory(existing: Path.parent(of: target)),
            mode: mode)
    }

    deinit { if !isCommitted { unlinkat(folder.number, temporary, 0) } }

    package func write(_ bytes: some ContiguousBytesSource) throws(SystemError) {
        try descriptor.writeAll(bytes, subject: subject)
    }

    /// Writes at a place of its own; `write(_:)` goes on where it was.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try checking("write", subject) { [number = descriptor.number] in
                unsafe pwrite(
                    number, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
            }
        }
    }

    /// The hash of what has been written, read back from the file.
    package func hash() throws(SystemError) -> String {
        try checking("lseek", subject) { [number = descriptor.number] in lseek(number, 0, SEEK_SET) }
        return try FileHash.ofFile(descriptor, subject: subject)
    }

    /// Puts the new content in place, durably.
    ///
    /// - Parameter synchronizingFolder: false where the folder is forced to the disk later, with other files in it
    package func commit(synchronizingFolder: Bool = true) throws(SystemError) {
        try descriptor.synchronize(subject: subject)
        guard renameat(folder.number, temporary, folder.number, Path.lastComponent(of: name)) == 0 else {
            throw SystemError("rename", subject)
        }
        isCommitted = true
        if synchronizingFolder { try folder.synchronize(subject: place.path) }
    }

    /// Writes a whole file in one go.
    package static func write(_ bytes: some ContiguousBytesSource, to path: String) throws(SystemError) {
        let file = try AtomicFile(replacing: path)
        try file.write(bytes)
        try file.commit()
    }

    private static let mark = ".tmp-"

    /// Whether a name is one that a process which was killed has left behind.
    package static func isLeftover(_ name: String) -> Bool {
        guard let mark = name.ranges(of: mark).last else { return false }
        let numbers = name[mark.upperBound...].split(separator: "-", omittingEmptySubsequences: false)
        return numbers.count == 2 && numbers.allSatisfy { UInt32($0) != nil }
    }
}
