import Glibc

/// Chooses files by patterns of the shell; a star stands for slashes, too.
package struct PathPatterns: Sendable {
    package var included: [String]
    package var excluded: [String]

    /// - Parameter included: without one, everything is
    package init(included: [String] = [], excluded: [String] = []) {
        self.included = included
        self.excluded = excluded
    }

    var isEverything: Bool { included.isEmpty && excluded.isEmpty }

    func chooses(_ path: String) -> Bool {
        (included.isEmpty || included.contains { Self.matches(path, $0) })
            && !excluded.contains { Self.matches(path, $0) }
    }

    /// A pattern that ends with a slash stands for all below a folder.
    private static func matches(_ path: String, _ pattern: String) -> Bool {
        fnmatch(pattern.hasSuffix("/") ? pattern + "*" : pattern, path, 0) == 0
    }
}
