import Glibc
import Synchronization

/// What this process may read when it reads for somebody else: a worker does so with the service's rights, which are
/// more than those of the user who asked.
///
/// Files are judged after they are opened, by where the kernel says they lie, so that links lead nowhere else.
package struct ReadingRights: Equatable, Sendable {
    /// Folders of which nothing is read.
    package var closed: [String] = []
    /// Folders that may be read, also within those.
    package var open: [String] = []
    /// The user who has to have the right to read a file, where this process has everybody's.
    package var user: UInt32?

    package init() {}

    private static let current = Mutex<ReadingRights?>(nil)

    /// From now on, for the whole process.
    package func use() { Self.current.withLock { $0 = self } }

    /// - Throws: `SystemError` with EACCES for a file that is open but may not be read
    package static func check(_ descriptor: Int32, _ path: String) throws(SystemError) {
        guard let rights = current.withLock({ $0 }) else { return }
        // A pipe or a socket has no path.
        guard let place = place(of: descriptor), place.hasPrefix("/") else { return }
        if !rights.allow(place) { throw SystemError("open", path, code: EACCES) }
    }

    /// Whether a file may be read that lies here; the path has no links.
    package func allow(_ path: String) -> Bool {
        func lies(in folders: [String]) -> Bool { folders.contains { path == $0 || path.hasPrefix($0 + "/") } }
        if lies(in: open) { return true }
        if lies(in: closed) { return false }
        return user.map { Self.mayRead(path, user: $0) } ?? true
    }

    private static func place(of descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { unsafe readlink("/proc/self/fd/\(descriptor)", $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    /// Whether the modes of a file and of the folders above it let a user read it. Access lists do not count.
    private static func mayRead(_ path: String, user: UInt32) -> Bool {
        let groups = UserGroup.groups(of: user)
        func may(_ right: UInt32, _ path: String) -> Bool {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return false }
            let shift: UInt32 = status.st_uid == user ? 6 : groups.contains(status.st_gid) ? 3 : 0
            return status.st_mode >> shift & right != 0
        }
        var folder = Path.parent(of: path)
        while true {
            guard may(1, folder) else { return false }
            if folder == "/" { break }
            folder = Path.parent(of: folder)
        }
        return may(4, path)
    }
}

// MARK: The worker's command line

extension ReadingRights {
    /// `--closed FOLDER`, `--open FOLDER` and `--reads-for UID`.
    package var arguments: [String] {
        closed.flatMap { ["--closed", $0] } + open.flatMap { ["--open", $0] }
            + (user.map { ["--reads-for", String($0)] } ?? [])
    }

    /// The rights that a command line gives; nil when it names none.
    package init?(arguments: [String]) {
        for (name, value) in zip(arguments, arguments.dropFirst()) {
            switch name {
            case "--closed": closed.append(value)
            case "--open": open.append(value)
            case "--reads-for": user = UInt32(value) ?? .max
            default: break
            }
        }
        if self == ReadingRights() { return nil }
    }
}
