import Glibc
import LinuxSystem

/// A file's bytes, mapped read-only and private.
///
/// Its length is taken once, when it is opened. A file that somebody shortens afterwards ends the process with SIGBUS
/// when the missing part is read; that is why only workers map files.
final class FileMapping: @unchecked Sendable {
    // Sendable because the bytes never change.
    let path: String
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WeightFileError.cannotRead(file: path, code: errno) }
        defer { close(descriptor) }
        do throws(SystemError) {
            try ReadingRights.check(descriptor, path)
        } catch {
            throw WeightFileError.cannotRead(file: path, code: error.code)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw WeightFileError.cannotRead(file: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw WeightFileError.notRegular(file: path) }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw WeightFileError.cannotRead(file: path, code: errno)
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}
