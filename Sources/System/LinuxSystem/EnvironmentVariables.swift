import Glibc

/// The variables of a process' environment; empty ones count as absent.
package struct EnvironmentVariables: Sendable {
    private let lookUp: @Sendable (String) -> String?

    package init(_ values: [String: String]) { lookUp = { values[$0] } }

    private init(lookUp: @escaping @Sendable (String) -> String?) { self.lookUp = lookUp }

    /// Those of this process.
    package static let ofProcess = EnvironmentVariables(
        lookUp: { name in unsafe getenv(name).map { unsafe String(cString: $0) } })

    /// All variables of this process.
    package static var allOfProcess: [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee.map({ unsafe String(cString: $0) }) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            unsafe entry += 1
        }
        return variables
    }

    package subscript(name: String) -> String? { lookUp(name).flatMap { $0.isEmpty ? nil : $0 } }

    /// The first of several variables that is set.
    package func first(of names: [String]) -> String? { names.lazy.compactMap { self[$0] }.first }

    /// Whether a switch is on: `1`, `on`, `yes` or `true`.
    package func isOn(_ name: String) -> Bool {
        ["1", "on", "yes", "true"].contains(self[name]?.lowercased() ?? "")
    }

    /// A path, with `~` at its beginning standing for the home folder.
    package func path(_ name: String) -> String? {
        self[name].map { $0 == "~" || $0.hasPrefix("~/") ? home + $0.dropFirst() : HomeFolder.expand($0) }
    }

    package var home: String { self["HOME"] ?? "/root" }

    /// `XDG_CACHE_HOME`, else `~/.cache`.
    package var cacheFolder: String { path("XDG_CACHE_HOME") ?? home + "/.cache" }
}
