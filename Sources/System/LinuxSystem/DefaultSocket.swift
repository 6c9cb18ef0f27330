import Glibc

/// Where the daemon listens, and where clients look for it, when nobody names a socket.
package enum DefaultSocket {
    private static let name = "finetuned.sock"
    private static let system = "/run/finetuned/" + name

    /// - Parameter environment: the variables of the process
    package static func runtime(_ environment: (String) -> String?) -> String? {
        environment("XDG_RUNTIME_DIR").flatMap { $0.isEmpty ? nil : $0 + "/" + name }
    }

    /// The user's own folder of state, where nothing is lost that has no better place.
    package static func privateFolder(_ environment: (String) -> String?) -> String {
        let state = environment("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment("HOME").flatMap { $0.isEmpty ? nil : $0 } ?? HomeFolder.expand("~")
        return (state ?? home + "/.local/state") + "/finetuned"
    }

    /// The daemon's: below `XDG_RUNTIME_DIR`; without it the system's where this user may make it, else a private one.
    ///
    /// - Returns: the path, and whether it lies in `privateFolder` for want of a better place
    package static func toListen(
        _ environment: (String) -> String?, mayWrite: (String) -> Bool = { access($0, W_OK | X_OK) == 0 }
    ) -> (path: String, isPrivate: Bool) {
        if let path = runtime(environment) { return (path, false) }
        if mayWrite(Path.parent(of: system)) { return (system, false) }
        return (privateFolder(environment) + "/" + name, true)
    }

    /// A client's: the first of the same places where there is something, the system's when there is nothing.
    package static func toConnect(
        _ environment: (String) -> String?, exists: (String) -> Bool = { access($0, F_OK) == 0 }
    ) -> String {
        let own = [runtime(environment), privateFolder(environment) + "/" + name].compactMap(\.self)
        return own.first(where: exists) ?? system
    }
}
