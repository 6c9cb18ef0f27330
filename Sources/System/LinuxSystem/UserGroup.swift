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

    /// The groups of a user, by the databases of users and groups; none for a user that they do not know.
    package static func groups(of user: UInt32) -> Set<UInt32> {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard unsafe getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return []
        }
        var groups = [gid_t](repeating: 0, count: 1024)
        var count = Int32(groups.count)
        guard unsafe getgrouplist(record.pw_name, record.pw_gid, &groups, &count) >= 0 else { return [record.pw_gid] }
        return Set(groups.prefix(Int(count)))
    }
}
