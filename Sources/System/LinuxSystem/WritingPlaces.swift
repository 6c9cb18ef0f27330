import Synchronization

/// Where this process may write when it works for somebody else: the service's rights are more than those of the user
/// who asked, and whoever owns a folder on the way can put a link in its place.
///
/// The daemon judges the places (`--writes`); what is opened for writing has to be one of them or lie in one.
package enum WritingPlaces {
    private static let folders = Mutex<[String]?>(nil)

    /// - Parameter folders: without links; nil where this process may write wherever its user may
    package static func use(_ folders: [String]?) { self.folders.withLock { $0 = folders } }

    package static func arguments(_ folders: [String]) -> [String] { folders.flatMap { ["--writes", $0] } }

    /// Uses the places that a worker's command line names; one that reads for nobody else may write anywhere.
    package static func use(arguments: [String]) {
        guard ReadingRights(arguments: arguments) != nil else { return }
        use(zip(arguments, arguments.dropFirst()).filter { $0.0 == "--writes" }.map(\.1))
    }

    static var areRestricted: Bool { folders.withLock { $0 != nil } }

    /// - Parameter place: without links
    static func allow(_ place: String) -> Bool {
        folders.withLock { folders in
            folders?.contains { place == $0 || place.hasPrefix($0 + "/") } ?? true
        }
    }
}
