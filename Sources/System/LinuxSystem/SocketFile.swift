import Glibc

extension UnixSocket {
    /// Something lies where a socket should be made, and it is not this program's to remove.
    package struct Occupied: Error, Equatable, CustomStringConvertible {
        package let path: String
        package let what: String
        package var description: String {
            "the socket \(path) cannot be made: \(what) is there; remove it, or choose another path with --socket or "
                + "FINETUNED_SOCKET"
        }
    }

    /// The entry of a socket in the file system: the very one, not what has come to its path since.
    package struct SocketFile: Sendable {
        private let path: String
        private let device: UInt
        private let inode: UInt

        /// The socket at a path, nil when nothing is there. Links are not followed.
        package init?(_ path: String) {
            guard let status = Self.status(path), status.st_mode & S_IFMT == S_IFSOCK else { return nil }
            self.init(path, status)
        }

        /// The socket at a path that may be removed, nil when nothing is there.
        ///
        /// - Throws: `Occupied` for what is no socket or another user's
        init?(replaceable path: String) throws(Occupied) {
            guard let status = Self.status(path) else { return nil }
            let what: String? =
                switch status.st_mode & S_IFMT {
                case S_IFSOCK where status.st_uid == geteuid(): nil
                case S_IFSOCK: "a socket of \(ServiceUser.description(of: status.st_uid))"
                case S_IFDIR: "a folder, no socket,"
                case S_IFLNK: "a link, no socket,"
                default: "a file, no socket,"
                }
            if let what { throw Occupied(path: path, what: what) }
            self.init(path, status)
        }

        private init(_ path: String, _ status: stat) {
            self.path = path
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
        }

        /// Removes the entry unless it is gone or another has taken its place.
        package func remove() {
            guard let now = Self.status(path), UInt(now.st_dev) == device, UInt(now.st_ino) == inode else { return }
            unlink(path)
        }

        private static func status(_ path: String) -> stat? {
            var status = stat()
            return unsafe lstat(path, &status) == 0 ? status : nil
        }
    }
}
