import Glibc

/// The user that this process acts as, for messages.
package enum ServiceUser {
    /// For example `finetuned (uid 998)`.
    package static var description: String { description(of: geteuid()) }

    package static func description(of user: UInt32) -> String {
        name(of: user).map { "\($0) (uid \(user))" } ?? "uid \(user)"
    }

    /// The name in the user database, nil when it has none.
    package static func name(of user: UInt32) -> String? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard unsafe getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe String(cString: record.pw_name)
    }
}
