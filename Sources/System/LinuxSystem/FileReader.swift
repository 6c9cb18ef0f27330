import CLinuxShims
import Glibc

/// A user for whom files are read, and what the kernel would let that user read: by owner, modes and access lists.
package struct FileReader: Sendable {
    private let user: UInt32
    private let groups: Set<UInt32>

    package init(user: UInt32, groups: Set<UInt32>) {
        self.user = user
        self.groups = groups
    }

    /// A user with the groups that the databases give.
    package init(user: UInt32) { self.init(user: user, groups: UserGroup.groups(of: user)) }

    package enum Right: UInt16 {
        case read = 4
        /// To find what lies in a folder.
        case search = 1
    }

    /// Whether every folder of a path without links may be searched, up to `/`.
    package func mayEnter(_ folder: String) -> Bool {
        var folder = folder
        while may(.search, folder) {
            if folder == "/" { return true }
            folder = Path.parent(of: folder)
        }
        return false
    }

    /// Whether what lies at a path grants a right; the folders above it are not asked.
    package func may(_ right: Right, _ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return false }
        return may(right, AccessList(of: path, mode: status.st_mode), owner: status.st_uid, group: status.st_gid)
    }

    /// acl(5), "Access check algorithm", and where Linux differs from it.
    func may(_ right: Right, _ list: AccessList, owner: UInt32, group: UInt32) -> Bool {
        func grants(_ permissions: UInt16) -> Bool { permissions & right.rawValue != 0 }
        if user == owner { return grants(list.owner) }
        if let own = list.users[user] { return grants(own & list.mask) }
        let matching =
            (groups.contains(group) ? [list.group] : []) + list.groups.filter { groups.contains($0.key) }.map(\.value)
        // Who is in one of the groups is none of the others, also where the group has less.
        return matching.isEmpty ? grants(list.others) : matching.contains { grants($0 & list.mask) }
    }
}

/// The permissions of a file: its mode, and the access list that some have beside it. Bits are those of `rwx`.
struct AccessList: Equatable {
    var owner: UInt16
    var group: UInt16
    var others: UInt16
    var users: [UInt32: UInt16] = [:]
    var groups: [UInt32: UInt16] = [:]
    /// The most that anybody but owner and others gets.
    var mask: UInt16 = 7

    init(mode: mode_t) {
        owner = UInt16(mode >> 6 & 7)
        group = UInt16(mode >> 3 & 7)
        others = UInt16(mode & 7)
    }

    init(of path: String, mode: mode_t) {
        self.init(mode: mode)
        var stored = [UInt8](repeating: 0, count: 1024)
        var count = unsafe linux_access_list(path, &stored, stored.count)
        if count < 0, errno == ERANGE {
            stored = [UInt8](repeating: 0, count: 65536)
            count = unsafe linux_access_list(path, &stored, stored.count)
        }
        if count > 0 { read(stored[..<count]) }
    }

    /// `struct posix_acl_xattr` of the kernel: a version, then entries of tag, permissions and number.
    mutating func read(_ stored: ArraySlice<UInt8>) {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        guard number(stored.prefix(4)) == 2 else { return }
        var rest = stored.dropFirst(4)
        while rest.count >= 8 {
            let (tag, permissions) = (number(rest.prefix(2)), UInt16(number(rest.dropFirst(2).prefix(2))) & 7)
            let who = number(rest.dropFirst(4).prefix(4))
            switch tag {
            case 0x01: owner = permissions
            case 0x02: users[who] = permissions
            case 0x04: group = permissions
            case 0x08: groups[who] = permissions
            case 0x10: mask = permissions
            case 0x20: others = permissions
            default: break
            }
            rest = rest.dropFirst(8)
        }
        // Linux does not look at a list that grants nobody in it anything.
        if mask == 0 { (users, groups) = ([:], [:]) }
    }
}
