import CZip
import Glibc
import LinuxSystem

/// Reads entries of a zip archive through libzip.
struct ZipReader: ~Copyable {
    private let archive: OpaquePointer
    private let path: String

    /// - Throws: `SystemError`, or `PyTorchFileError` for what is no zip archive
    init(path: String) throws {
        self.path = path
        let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError("open", path, code: EISDIR) }
        var code: Int32 = 0
        // libzip closes what it was given when it closes the archive.
        let number = file.release()
        guard let archive = zip_fdopen(number, 0, &code) else {
            close(number)
            throw PyTorchFileError.damaged(
                file: path,
                problem: "is not a zip archive; files of PyTorch before 1.6 are to be saved again with a newer one")
        }
        self.archive = archive
    }

    deinit { zip_discard(archive) }

    /// The first part of the first entry's name, below which everything lies.
    func folder() throws -> String {
        guard let name = zip_get_name(archive, 0, 0), let folder = String(cString: name).split(separator: "/").first
        else { throw PyTorchFileError.damaged(file: path, problem: "the archive is empty") }
        return String(folder)
    }

    /// - Parameter limit: bytes that are expected at most
    func contents(of name: String, limit: Int = .max) throws -> [UInt8] {
        var status = zip_stat_t()
        guard zip_stat(archive, name, 0, &status) == 0, let entry = zip_fopen_index(archive, status.index, 0) else {
            throw PyTorchFileError.damaged(file: path, problem: "the archive has no entry \(name)")
        }
        defer { zip_fclose(entry) }
        // What the archive says of its size is not believed before it has come.
        guard status.size <= UInt64(limit), status.size <= UInt64(Int.max) else {
            throw PyTorchFileError.damaged(file: path, problem: "\(name) has \(status.size) bytes")
        }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = zip_fread(entry, &chunk, UInt64(chunk.count))
            if count == 0 { break }
            guard count > 0, result.count + Int(count) <= Int(status.size) else {
                throw PyTorchFileError.damaged(file: path, problem: "\(name) cannot be read to its end")
            }
            result.append(contentsOf: chunk[..<Int(count)])
        }
        guard result.count == Int(status.size) else {
            throw PyTorchFileError.damaged(file: path, problem: "\(name) ends too early")
        }
        return result
    }
}
