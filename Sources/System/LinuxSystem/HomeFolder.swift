import Glibc

/// What a leading `~` of a path stands for, as in shells and in Python's `expanduser`.
package enum HomeFolder {
    /// `path` with `~` replaced by the home of `user`, and `~name` by that of `name`.
    ///
    /// A path without, and one of a user that nobody knows, stays as it is.
    package static func expand(_ path: String, for user: UInt32 = geteuid()) -> String {
        guard path.hasPrefix("~") else { return path }
        let name = path.dropFirst().prefix { $0 != "/" }
        guard let home = name.isEmpty ? folder(of: user) : folder(of: String(name)) else { return path }
        let rest = path.dropFirst(1 + name.count)
        return rest.isEmpty ? home : (home == "/" ? "" : home) + rest
    }

    /// `HOME` says where one's own is, as elsewhere; for others the user database does.
    private static func folder(of user: UInt32) -> String? {
        if user == geteuid(), let home = unsafe getenv("HOME").map({ unsafe String(cString: $0) }), !home.isEmpty {
            return home
        }
        return record { record, buffer, size, found in unsafe getpwuid_r(user, record, buffer, size, found) }
    }

    private static func folder(of name: String) -> String? {
        record { record, buffer, size, found in unsafe getpwnam_r(name, record, buffer, size, found) }
    }

    private static func record(
        _ look: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> String? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard unsafe look(&record, &buffer, buffer.count, &found) == 0, unsafe found != nil else { return nil }
        return unsafe String(cString: record.pw_dir)
    }
}
