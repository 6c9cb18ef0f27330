import Glibc
import Synchronization

/// What this process may read when it reads for somebody else: a worker has the service's rights, which are others than
/// those of the user who asked.
///
/// Files and folders are judged after they are opened, by where the kernel says they lie, so that links lead nowhere
/// else. The user has to have the right to read them, but for folders that are open or closed as a whole.
package struct ReadingRights: Equatable, Sendable {
    package var user: UInt32
    /// Folders of which nothing is read, whatever their modes are.
    package var closed: [String]
    /// Folders that are read, whatever their modes are. Where one lies in another, the inner one counts.
    package var open: [String]

    /// - Parameters: folders without links
    package init(user: UInt32, closed: [String] = [], open: [String] = []) {
        self.user = user
        self.closed = closed
        self.open = open
    }

    private static let current = Mutex<(rights: ReadingRights, reader: FileReader)?>(nil)

    /// From now on, for the whole process; the groups are those that the databases give now.
    package func use() {
        let reader = FileReader(user: user)
        Self.current.withLock { $0 = (self, reader) }
    }

    /// Changes the folders; nothing happens where this process may read everything.
    package static func change(closed: [String], open: [String]) {
        current.withLock { current in
            current?.rights.closed = closed
            current?.rights.open = open
        }
    }

    /// The user for whom this process reads; nil where it reads for nobody else.
    package static var user: UInt32? { current.withLock { $0?.rights.user } }

    /// - Throws: `SystemError` with EACCES for a file or folder that is open but may not be read
    package static func check(_ descriptor: Int32, _ path: String) throws(SystemError) {
        guard let (rights, reader) = current.withLock({ $0 }) else { return }
        guard let place = FileDescriptor.place(of: descriptor) else { return }
        // The open file itself is asked: another may have taken its place since.
        let link = "/proc/self/fd/\(descriptor)"
        guard
            rights.verdict(on: place)
                ?? (reader.may(.read, link) && reader.mayEnter(Path.parent(of: place)))
        else { throw SystemError("open", path, code: EACCES) }
    }

    /// What the lists of folders say of a path without links; nil where the user's own rights count.
    package func verdict(on path: String) -> Bool? {
        /// The length of the innermost folder that the path lies in.
        func depth(_ folders: [String]) -> Int? {
            folders.filter { path == $0 || path.hasPrefix($0 + "/") }.map(\.utf8.count).max()
        }
        return switch (depth(open), depth(closed)) {
        case (let open?, let closed?): open >= closed
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): nil
        }
    }
}

// MARK: The worker's command line

extension ReadingRights {
    /// `--reads-for UID`, `--closed FOLDER` and `--open FOLDER`.
    package var arguments: [String] {
        ["--reads-for", String(user)] + closed.flatMap { ["--closed", $0] } + open.flatMap { ["--open", $0] }
    }

    /// The rights that a command line gives; nil when it names nobody to read for.
    package init?(arguments: [String]) {
        func values(_ name: String) -> [String] {
            zip(arguments, arguments.dropFirst()).filter { $0.0 == name }.map(\.1)
        }
        guard let user = values("--reads-for").last else { return nil }
        // What is no number is nobody.
        self.init(user: UInt32(user) ?? .max, closed: values("--closed"), open: values("--open"))
    }
}
