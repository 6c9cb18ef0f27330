import Glibc

/// The group database.
package enum UserGroup {
    /// The number of a group, nil where there is none of this name.
    package static func number(of name: String) -> UInt32? {
        var group = Glibc.group()
        var buffer = [CChar](repeating: 0, count: 65536)
        var found: UnsafeMutablePointer<Glibc.group>?
        guard unsafe getgrnam_r(name, &group, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return group.gr_gid
    }
}
