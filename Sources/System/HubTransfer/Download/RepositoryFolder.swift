import Glibc
import LinuxSystem

/// A repository's folder in a hub cache, as Hugging Face's library lays it out: `blobs` by hash, `snapshots` with
/// links to them, `refs` with the commits of branches and tags, `trees` with what a commit consists of.
///
/// A snapshot appears as a whole, and a reference after its snapshot: a process that is killed leaves neither a folder
/// that lacks files nor a name for one.
struct RepositoryFolder: Sendable {
    let path: String
    /// Files that others lock, too, while they fill a blob.
    private let locks: String

    init(_ repository: HubRepository, in cache: HubCache) {
        path = cache.repository(repository.content, repository.name)
        locks = "\(cache.folder)/.locks/\(Path.lastComponent(of: path))"
    }

    func prepare() throws {
        for folder in [path, blobs, path + "/refs", path + "/snapshots", locks] {
            try FileSystem.createDirectories(folder)
        }
    }

    var blobs: String { path + "/blobs" }
    func blob(_ name: String) -> String { "\(blobs)/\(name)" }
    func snapshot(_ commit: String) -> String { "\(path)/snapshots/\(commit)" }
    /// Gives `body` a place for what is not finished, which nobody else uses meanwhile.
    ///
    /// It lies beside `snapshots` and is as deep, so that links lead from both to the same places.
    private func staging(_ cancellation: Cancellation, _ body: (_ place: String) throws -> Void) throws {
        try locked("staging", cancellation) {
            let folder = path + "/.staging"
            try FileSystem.remove(folder)
            try FileSystem.createDirectories(folder)
            try body(folder + "/new")
            rmdir(folder)
        }
    }

    /// Holds the lock `name` while `body` runs, waiting for another process that has it.
    func locked<Result>(_ name: String, _ cancellation: Cancellation, _ body: () throws -> Result) throws -> Result {
        let path = "\(locks)/\(name).lock"
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o644)
        while flock(file.number, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("flock", path) }
            try cancellation.wait(seconds: 0.2)
        }
        return try withExtendedLifetime(file) { try body() }
    }

    // MARK: - Snapshots

    /// Links every file to its blob.
    ///
    /// - Parameter files: paths with the names of their blobs
    func link(_ files: [(path: String, blob: String)], commit: String, _ cancellation: Cancellation) throws {
        try staging(cancellation) { stage in
            let target = snapshot(commit)
            if FileSystem.isDirectory(target) { return try addLinks(files, to: target) }
            try FileSystem.createDirectories(stage)
            try addLinks(files, to: stage)
            guard rename(stage, target) == 0 else { throw SystemError("rename", target) }
            try FileSystem.synchronizeDirectory(Path.parent(of: target))
        }
    }

    private func addLinks(_ files: [(path: String, blob: String)], to folder: String) throws {
        var folders: Set<String> = []
        for file in files {
            let place = "\(folder)/\(file.path)"
            let parent = Path.parent(of: place)
            if folders.insert(parent).inserted { try FileSystem.createDirectories(parent) }
            let depth = file.path.split(separator: "/").count + 1
            let target = String(repeating: "../", count: depth) + "blobs/" + file.blob
            if symlink(target, place) == 0 { continue }
            guard errno == EEXIST else { throw SystemError("symlink", place) }
            // A whole file of that name is what a file system without links gets; a link may lead to an older blob.
            if FileSystem.canonicalPath(place) == FileSystem.canonicalPath(blob(file.blob)) { continue }
            let fresh = "\(place).tmp-\(getpid())"
            unlink(fresh)
            guard symlink(target, fresh) == 0, rename(fresh, place) == 0 else { throw SystemError("symlink", place) }
        }
        for folder in folders { try FileSystem.synchronizeDirectory(folder) }
    }

    /// Says that a branch or tag is at a commit.
    func setReference(_ revision: String, to commit: String, _ cancellation: Cancellation) throws {
        guard revision != commit, HubCache.commit(ofReference: revision, in: path) != commit else { return }
        try write(Array(commit.utf8), to: "\(path)/refs/\(revision)", cancellation)
    }

    /// Whether every file of a snapshot leads to a blob.
    func hasAll(_ files: [RemoteFile], commit: String) -> Bool {
        files.allSatisfy { file in
            let size = FileSystem.size(of: "\(snapshot(commit))/\(file.path)")
            return size != nil && (file.size == nil || file.size == size)
        }
    }

    /// A small file, whole or not at all; nothing unfinished lies where others look.
    func write(_ bytes: [UInt8], to place: String, _ cancellation: Cancellation) throws {
        try FileSystem.createDirectories(Path.parent(of: place))
        try staging(cancellation) { stage in
            let file = try FileDescriptor.open(stage, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
            try file.writeAll(bytes, subject: place)
            try file.synchronize(subject: place)
            guard rename(stage, place) == 0 else { throw SystemError("rename", place) }
            try FileSystem.synchronizeDirectory(Path.parent(of: place))
        }
    }
}
