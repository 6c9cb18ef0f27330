import Synchronization

/// Where this process finds files that were passed to it, because its user may not open them under their own paths.
///
/// Below `root` they stand under their absolute paths, so that a folder's files are found together. One job's worker
/// has one root, set before it reads anything; everybody else has none.
package enum SubstituteFiles {
    private static let root = Mutex<String?>(nil)

    package static func use(_ folder: String) { root.withLock { $0 = folder } }

    /// `--inputs FOLDER`, as a worker's command line has it.
    package static func arguments(_ folder: String?) -> [String] { folder.map { ["--inputs", $0] } ?? [] }

    /// Uses the folder that a command line names, if it does.
    package static func use(arguments: [String]) {
        for (name, value) in zip(arguments, arguments.dropFirst()) where name == "--inputs" { use(value) }
    }

    /// The stand-in of an absolute path when there is one, else the path itself.
    package static func path(for path: String) -> String {
        guard path.hasPrefix("/"), let root = root.withLock({ $0 }) else { return path }
        let substitute = root + path
        return FileSystem.kind(of: substitute) == nil ? path : substitute
    }
}
