import Glibc

/// A directory that a checkpoint's files are written into.
package protocol CheckpointOutput {
    /// Creates or replaces a file with everything that `produce` appends; it exists whole or not at all.
    func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws
    func fileNames() throws -> [String]
    func removeFile(_ name: String) throws
}

extension CheckpointOutput {
    package func writeFile(_ name: String, bytes: [UInt8]) throws {
        try writeFile(name) { append in try bytes.withUnsafeBytes { try append($0) } }
    }
}

/// An existing directory of the file system; files are written beside their target, synced and renamed.
package struct DirectoryOutput: CheckpointOutput {
    package let path: String

    package init(path: String) { self.path = path }

    package func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let target = "\(path)/\(name)"
        let temporary = "\(target).tmp-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw WeightFileError.cannotWrite(file: target, code: errno) }
        do {
            defer { close(descriptor) }
            try produce { try Self.write($0, to: descriptor, file: target) }
            guard fsync(descriptor) == 0 else { throw WeightFileError.cannotWrite(file: target, code: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else {
            let code = errno
            unlink(temporary)
            throw WeightFileError.cannotWrite(file: target, code: code)
        }
    }

    package func fileNames() throws -> [String] {
        guard let directory = opendir(path) else { throw WeightFileError.cannotRead(file: path, code: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    package func removeFile(_ name: String) throws {
        guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
            throw WeightFileError.cannotWrite(file: "\(path)/\(name)", code: errno)
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, file: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Linux writes at most 2 GiB at once.
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw WeightFileError.cannotWrite(file: file, code: errno)
            }
            rest = rest.dropFirst(written)
        }
    }
}
