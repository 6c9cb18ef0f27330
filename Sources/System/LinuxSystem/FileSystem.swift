import CLinuxShims
import Glibc

/// Questions about paths, and the few changes that need no transaction.
package enum FileSystem {
    package enum Kind: Sendable { case regularFile, directory, other }

    /// What `path` is after following links, or nil when there is nothing.
    package static func kind(of path: String) -> Kind? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .regularFile
        case S_IFDIR: .directory
        default: .other
        }
    }

    package static func isFile(_ path: String) -> Bool { kind(of: path) == .regularFile }
    package static func isDirectory(_ path: String) -> Bool { kind(of: path) == .directory }

    /// Bytes of a regular file after following links, nil when there is none.
    package static func size(of path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Size and time of change after following links, by which a file is told from what it was; empty for none.
    package static func version(of path: String) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return "" }
        return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    /// Names in a directory, sorted by their bytes, without `.` and `..`.
    package static func entries(of directory: String) throws(SystemError) -> [String] {
        try entries(of: FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY), path: directory)
    }

    /// The same for a directory that is open; `path` is for messages.
    package static func entries(of directory: borrowing FileDescriptor, path: String) throws(SystemError) -> [String] {
        let copy = try directory.duplicated().release()
        guard let stream = unsafe fdopendir(copy) else {
            let error = SystemError("opendir", path)
            close(copy)
            throw error
        }
        defer { unsafe closedir(stream) }
        // Copies of a descriptor share their position.
        unsafe rewinddir(stream)
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Creates a directory and those above it.
    package static func createDirectories(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if isDirectory(path) { return }
        let parent = Path.parent(of: path)
        if parent != path, !parent.isEmpty { try createDirectories(parent, mode: mode) }
        if mkdir(path, mode) != 0 && errno != EEXIST { throw SystemError("mkdir", path) }
    }

    /// Removes a file or a directory with all below it; links are removed, not followed. Absence is no error.
    package static func remove(_ path: String) throws(SystemError) {
        let folder = Path.parent(of: path)
        guard kind(of: folder) != nil else { return }
        try remove(
            Path.lastComponent(of: path), in: FileDescriptor.open(folder, O_RDONLY | O_DIRECTORY), subject: path)
    }

    /// The same below a folder that is open: a link that comes in the place of a directory meanwhile leads nowhere.
    static func remove(
        _ name: String, in folder: borrowing FileDescriptor, subject: String
    ) throws(SystemError) {
        if unlinkat(folder.number, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR else { throw SystemError("unlink", subject) }
        let number = openat(folder.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { throw SystemError("unlink", subject) }
        let directory = FileDescriptor(owning: number)
        for entry in try entries(of: directory, path: subject) {
            try remove(entry, in: directory, subject: subject + "/" + entry)
        }
        if unlinkat(folder.number, name, AT_REMOVEDIR) != 0 && errno != ENOENT { throw SystemError("rmdir", subject) }
    }

    /// Bytes that an ordinary user may still write on the file system of `path`.
    package static func availableBytes(at path: String) -> Int? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    /// Gives `path` the times of access and change that `other` has.
    package static func copyTimes(of other: String, to path: String) throws(SystemError) {
        var status = stat()
        guard unsafe stat(other, &status) == 0 else { throw SystemError("stat", other) }
        let times = [status.st_atim, status.st_mtim]
        guard unsafe utimensat(AT_FDCWD, path, times, 0) == 0 else { throw SystemError("utimensat", path) }
    }

    /// Puts `source` in the place of `target`; what was there, if anything, lies at `source` afterwards. One of both is
    /// in the place at any moment.
    static func exchange(_ source: String, with target: String) throws(SystemError) {
        guard kind(of: target) != nil else {
            guard rename(source, target) == 0 else { throw SystemError("rename", target) }
            return
        }
        if unsafe linux_exchange(source, target) == 0 { return }
        // Some file systems of the network cannot; there the place is empty for a moment.
        guard errno == EINVAL || errno == ENOSYS else { throw SystemError("rename", target) }
        let aside = source + "-replaced"
        guard rename(target, aside) == 0, rename(source, target) == 0, rename(aside, source) == 0 else {
            throw SystemError("rename", target)
        }
    }

    /// Makes a rename or a new entry in `directory` durable.
    package static func synchronizeDirectory(_ directory: String) throws(SystemError) {
        try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY).synchronize(subject: directory)
    }
}

/// Path arithmetic without touching the file system.
package enum Path {
    /// `path` itself when absolute, else below `directory`.
    package static func resolve(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : directory.hasSuffix("/") ? directory + path : directory + "/" + path
    }

    package static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    package static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}

extension FileSystem {
    /// This process' working directory.
    package static var currentDirectory: String {
        guard let path = unsafe getcwd(nil, 0) else { return "/" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// A program of ours: beside the one that this process runs.
    package static func programBesideThisOne(_ name: String) -> String {
        let own = canonicalPath("/proc/self/exe") ?? CommandLine.arguments[0]
        return Path.parent(of: own) + "/" + name
    }

    /// Where a path leads, without links: what does not exist yet is left as it is written. Nil for `..` behind that.
    package static func place(of path: String) -> String? {
        if let real = canonicalPath(path) { return real }
        let (folder, name) = (Path.parent(of: path), Path.lastComponent(of: path))
        guard folder != path, name != "..", let real = place(of: folder) else { return nil }
        return name == "." ? real : real == "/" ? "/" + name : real + "/" + name
    }

    /// The path without links, `.` and `..`, nil when nothing is there.
    package static func canonicalPath(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
