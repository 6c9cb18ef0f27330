import Glibc

/// A regular file mapped read-only; the pages are shared with every other process that maps it.
///
/// A file that shrinks while it is mapped ends the process with SIGBUS on access; only workers map files.
package final class MappedFile: @unchecked Sendable {  // Immutable after init.
    package let path: String
    package let count: Int
    private let base: UnsafeMutableRawPointer?

    /// Maps the whole file. An empty file gives no bytes.
    package init(path: String) throws(SystemError) {
        let descriptor = try Self.open(path)
        self.path = path
        count = Int(try descriptor.status().st_size)
        if count == 0 {
            unsafe base = nil
            return
        }
        let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor.number, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { throw SystemError("mmap", path) }
        unsafe base = unsafe address
    }

    deinit { if let base = unsafe base { unsafe munmap(base, count) } }

    /// Valid as long as this object lives.
    package var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    /// Tells the kernel which part will be read soon.
    package func willNeed(_ range: Range<Int>) {
        guard let base = unsafe base, range.lowerBound >= 0, range.upperBound <= count else { return }
        let page = Int(getpagesize())
        let start = range.lowerBound / page * page
        unsafe madvise(base + start, range.upperBound - start, MADV_WILLNEED)
    }

    /// Lets go of the pages of the first `length` bytes; they come back from the file when they are wanted again.
    package func forget(first length: Int) {
        guard let base = unsafe base, length > 0 else { return }
        unsafe madvise(base, min(length, count), MADV_DONTNEED)
    }
}

extension MappedFile {
    /// The bytes of a small file, at most `limit`.
    package static func contents(of path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        let descriptor = try open(path)
        guard try descriptor.status().st_size <= limit else { throw SystemError("read", path, code: EFBIG) }
        return try descriptor.readAll(limit: limit, subject: path)
    }

    /// - Throws: `SystemError` with EISDIR for what is no regular file
    private static func open(_ path: String) throws(SystemError) -> FileDescriptor {
        // O_NONBLOCK: a FIFO must not hold up whoever opens it.
        let descriptor = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        guard try descriptor.status().st_mode & S_IFMT == S_IFREG else {
            throw SystemError("open", path, code: EISDIR)
        }
        return descriptor
    }
}
