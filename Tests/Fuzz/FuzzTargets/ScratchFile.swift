import Glibc
import LinuxSystem

/// A file in memory that is rewritten for each input, for doors that take a path.
struct ScratchFile {
    let path: String

    init(_ name: String) {
        path = "/dev/shm/finetuned-fuzz-\(getpid())-\(name)"
    }

    func write(_ bytes: [UInt8]) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        try file.writeAll(bytes)
    }

    func remove() { unlink(path) }
}
