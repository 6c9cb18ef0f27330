import Glibc
import LinuxSystem
import ServiceAPI

/// Makes files that came as descriptors available under `SubstituteFiles`.
enum PassedInputs {
    /// Larger files are reached through their descriptors where that works, so that weights are not doubled.
    private static let largestCopy = 64 << 20

    /// - Parameters:
    ///   - paths: absolute, in the order of `descriptors`, which stay open as long as this process
    ///   - folder: this job's own, below the state directory
    static func install(_ paths: [String], _ descriptors: [Int32], in folder: String) throws {
        if paths.isEmpty { return }
        guard paths.count == descriptors.count else {
            throw ServiceError(.internalError, "\(paths.count) files and \(descriptors.count) descriptors were passed")
        }
        let place = try OutputDirectory(path: folder)
        for (path, number) in zip(paths, descriptors) {
            let name = String(path.drop { $0 == "/" })
            try place.createDirectories(above: name)
            place.remove(name)
            let size = try size(of: number, path)
            // A new open file: the descriptor's position would be shared. The kernel asks for the file's own
            // permission again, so a file of mode 0600 is copied.
            let link = "/proc/self/fd/\(number)"
            if size > largestCopy, access(link, R_OK) == 0 {
                guard symlink(link, folder + "/" + name) == 0 else { throw SystemError("symlink", folder + "/" + name) }
            } else {
                try copy(number, size, to: place.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600), path)
            }
        }
        SubstituteFiles.use(folder)
    }

    private static func size(of number: Int32, _ path: String) throws -> Int {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw SystemError("fstat", path) }
        return Int(status.st_size)
    }

    private static func copy(_ number: Int32, _ size: Int, to file: consuming FileDescriptor, _ path: String) throws {
        var offset: off_t = 0
        while Int(offset) < size {
            let count = try checking("sendfile", path) { sendfile(file.number, number, &offset, size - Int(offset)) }
            if count == 0 { throw SystemError("sendfile", path, code: EIO) }  // It became shorter.
        }
    }
}
