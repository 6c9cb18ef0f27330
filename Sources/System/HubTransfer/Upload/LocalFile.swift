import Glibc
import LinuxSystem

/// A file that is to be uploaded, as it was when it was looked at.
struct LocalFile: Sendable {
    /// Within the repository.
    let path: String
    /// On this machine.
    let place: String
    let size: Int
    /// Nanoseconds since 1970.
    private let changed: Int
    var sha256 = ""

    init(path: String, place: String, status: stat) {
        self.path = path
        self.place = place
        size = Int(status.st_size)
        changed = Self.time(status)
    }

    private static func time(_ status: stat) -> Int { status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec }

    /// - Throws: `HubError` when the file is no longer what was hashed
    func checkThatUnchanged() throws {
        var status = stat()
        guard stat(place, &status) == 0, Int(status.st_size) == size, Self.time(status) == changed else {
            throw HubError(
                .conflict, "\(place) was changed while it was uploaded",
                hint: "run the command again when nothing writes there")
        }
    }

    func contents() throws -> [UInt8] {
        let bytes = try MappedFile.contents(of: place, limit: max(size, 1))
        try checkThatUnchanged()
        return bytes
    }

    /// The first bytes, by which a hub tells text from other things.
    func sample(_ count: Int) throws -> [UInt8] {
        try FileDescriptor.open(place, O_RDONLY).readAll(limit: count, subject: place)
    }
}

/// The regular files below a folder, links followed.
enum LocalFolder {
    private static let mostFiles = 100_000
    private static let deepest = 32

    /// - Throws: `HubError` when there is nothing, or more than is reasonable
    static func files(in folder: String, _ patterns: PathPatterns) throws -> [LocalFile] {
        guard FileSystem.isDirectory(folder) else {
            throw HubError(.notFound, "there is no folder \(folder)", hint: "expected one with the files to upload")
        }
        var files: [LocalFile] = []
        func walk(_ prefix: String, depth: Int) throws {
            guard depth <= deepest else {
                throw HubError(.badRequest, "\(folder)/\(prefix) lies too deep; does a link lead in a circle?")
            }
            for name in try FileSystem.entries(of: prefix.isEmpty ? folder : "\(folder)/\(prefix)") {
                let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
                let place = "\(folder)/\(path)"
                var status = stat()
                guard stat(place, &status) == 0 else { throw SystemError("stat", place) }
                switch status.st_mode & S_IFMT {
                case S_IFDIR where !isOthers(name): try walk(path, depth: depth + 1)
                // What is being written at this moment is not there yet.
                case S_IFREG where !name.contains(".tmp-") && patterns.chooses(path):
                    files.append(LocalFile(path: path, place: place, status: status))
                default: continue
                }
                guard files.count <= mostFiles else {
                    throw HubError(.badRequest, "\(folder) holds more than \(mostFiles) files")
                }
            }
        }
        try walk("", depth: 0)
        guard !files.isEmpty else {
            throw HubError(.notFound, "\(folder) has no file to upload", hint: "see --include and --exclude")
        }
        return files
    }

    /// Folders that tools keep for themselves.
    private static func isOthers(_ name: String) -> Bool { name == ".git" || name == ".cache" }
}
