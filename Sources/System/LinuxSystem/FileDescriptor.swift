import CLinuxShims
package import Glibc

/// An open file, socket or pipe that closes itself.
package struct FileDescriptor: ~Copyable, Sendable {
    package let number: Int32

    /// Takes over `number`: nobody else may close it.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Gives the number away without closing it.
    package consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    package func duplicated() throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: Int32(try checking("dup") { Int(fcntl(number, F_DUPFD_CLOEXEC, 3)) }))
    }

    package static func open(
        _ path: String, _ flags: Int32, mode: UInt32 = 0o600
    ) throws(SystemError) -> FileDescriptor {
        let number = Int32(try checking("open", path) { Int(Glibc.open(path, flags | O_CLOEXEC, mode)) })
        let file = FileDescriptor(owning: number)
        if flags & O_ACCMODE == O_RDONLY { try ReadingRights.check(number, path) }
        return file
    }

    /// Writes all of `bytes`.
    package func writeAll(_ bytes: some ContiguousBytesSource, subject: String? = nil) throws(SystemError) {
        var failure: SystemError?
        unsafe bytes.withBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                do throws(SystemError) {
                    offset += try checking("write", subject) {
                        unsafe Glibc.write(number, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
                    }
                } catch {
                    failure = error
                    return
                }
            }
        }
        if let failure { throw failure }
    }

    /// Reads to the end, at most `limit` bytes.
    package func readAll(limit: Int = .max, subject: String? = nil) throws(SystemError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while result.count < limit {
            let count = try checking("read", subject) {
                unsafe Glibc.read(number, &chunk, min(chunk.count, limit - result.count))
            }
            if count == 0 { break }
            result.append(contentsOf: chunk[..<count])
        }
        return result
    }

    /// Forces data and size to the disk. A failed fsync is never repeated: the pages may already be marked clean.
    package func synchronize(subject: String? = nil) throws(SystemError) {
        guard fsync(number) == 0 else { throw SystemError("fsync", subject) }
    }

    /// Gives the file's first bytes back to the file system; they read as zeros, and offsets stay what they are.
    ///
    /// Where holes are not possible nothing happens.
    package func freeBeginning(_ length: Int) { _ = linux_free_beginning(number, off_t(length)) }

    /// The path at which the kernel says that it lies, without links; nil for what has none, such as a pipe.
    package var place: String? { Self.place(of: number) }

    static func place(of number: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { unsafe readlink("/proc/self/fd/\(number)", $0, bytes.count) } ?? -1
        }
        return count > 0 && buffer[0] == UInt8(ascii: "/") ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    package func status() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw SystemError("fstat") }
        return status
    }

    /// Which file this is: its number, and when it was made, for numbers are given again.
    package func identity() throws(SystemError) -> String {
        "\(try status().st_ino) \(linux_birth_time(number))"
    }
}

/// Anything whose bytes lie in one piece of memory.
package protocol ContiguousBytesSource {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension Array: ContiguousBytesSource where Element == UInt8 {
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe withUnsafeBytes(body)
    }
}

extension ArraySlice: ContiguousBytesSource where Element == UInt8 {
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe withUnsafeBytes(body)
    }
}

extension String: ContiguousBytesSource {
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        var copy = self
        return try copy.withUTF8 { try unsafe body(UnsafeRawBufferPointer($0)) }
    }
}

extension UnsafeRawBufferPointer: @unsafe ContiguousBytesSource {
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe body(self)
    }
}
