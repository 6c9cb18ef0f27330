package import Glibc

/// A file written beside its target, which replaces it only on `commit()`.
///
/// write, fsync, rename, fsync of the folder: a crash leaves the old file or the new one, never a part.
package struct AtomicFile: ~Copyable {
    private let target: String
    private let temporary: String
    private let descriptor: FileDescriptor
    private var committed = false

    package init(replacing target: String, mode: UInt32 = 0o644) throws(SystemError) {
        self.target = target
        temporary = "\(target).tmp-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        descriptor = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    }

    deinit { if !committed { unlink(temporary) } }

    package func write(_ bytes: some ContiguousBytesSource) throws(SystemError) {
        try descriptor.writeAll(bytes, subject: target)
    }

    /// Puts the new content in place, durably.
    package consuming func commit() throws(SystemError) {
        try descriptor.synchronize(subject: target)
        guard rename(temporary, target) == 0 else { throw SystemError("rename", target) }
        committed = true
        try FileSystem.synchronizeDirectory(Path.parent(of: target))
    }

    /// Writes a whole file in one go.
    package static func write(_ bytes: some ContiguousBytesSource, to path: String) throws(SystemError) {
        let file = try AtomicFile(replacing: path)
        try file.write(bytes)
        try file.commit()
    }
}
