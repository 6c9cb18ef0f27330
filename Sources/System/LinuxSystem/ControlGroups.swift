import Glibc

/// The control groups (cgroup v2) of the processes that this one starts: one for each, below the group that this process
/// was given, so that the kernel bounds what each may hold.
///
/// Source: Documentation/admin-guide/cgroup-v2.rst of the kernel, "Delegation" and "No Internal Process Constraint".
package final class ControlGroups: Sendable {
    /// Why there can be none.
    package struct Unavailable: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// The group that this process was given.
    package let base: String

    /// The leaf that this process moves into: a group that hands a controller on may hold no process itself.
    private static let ownName = "daemon"

    /// Moves this process into a leaf of its group and lets groups beside it use the controller.
    ///
    /// - Parameters:
    ///   - root: where `/proc` and `/sys` lie
    ///   - process: the one whose group is used
    /// - Throws: `Unavailable` with the reason when the group is not this process' own or lacks the controller; nothing
    ///   has changed then
    package init(
        below root: String = "", process: Int32 = getpid(), controller: String = "memory"
    ) throws(Unavailable) {
        let hierarchies = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map { root + $0 }
        guard let hierarchy = hierarchies.first(where: { FileSystem.isFile($0 + "/cgroup.controllers") }) else {
            throw Unavailable(description: "no cgroup v2 hierarchy is mounted at /sys/fs/cgroup")
        }
        let own = root.isEmpty ? "/proc/\(process)/cgroup" : root + "/proc/self/cgroup"
        guard let line = Self.lines(of: own).first(where: { $0.hasPrefix("0::") }) else {
            throw Unavailable(description: "\(own) names no group of cgroup v2")
        }
        let path = String(line.dropFirst(3))
        base = hierarchy + (path == "/" ? "" : path)
        let controllers = Self.words(of: base + "/cgroup.controllers")
        guard controllers.contains(controller) else {
            let there = controllers.isEmpty ? "none" : controllers.joined(separator: ", ")
            throw Unavailable(
                description: "the \(controller) controller is not given to \(base) (controllers there: \(there))")
        }
        let others = Self.lines(of: base + "/cgroup.procs").filter { $0 != String(process) }
        guard others.isEmpty else {
            throw Unavailable(
                description: "\(base) holds \(others.count) other \(others.count == 1 ? "process" : "processes") too; "
                    + "a unit with Delegate=yes has a group of its own")
        }
        do throws(SystemError) {
            try Self.makeGroup(base + "/" + Self.ownName)
            try Self.write(String(process), to: "\(base)/\(Self.ownName)/cgroup.procs")
            do throws(SystemError) {
                try Self.write("+\(controller)", to: base + "/cgroup.subtree_control")
            } catch {
                try? Self.write(String(process), to: base + "/cgroup.procs")
                throw error
            }
        } catch {
            rmdir("\(base)/\(Self.ownName)")
            throw Unavailable(description: "\(error)")
        }
    }

    /// A new group. What an earlier process left under this name is ended and used again.
    ///
    /// - Parameter memoryMaximum: bytes, mapped files included, above which the kernel first takes pages of files back
    ///   and then ends the group
    package func group(_ name: String, memoryMaximum: Int?) throws(SystemError) -> ControlGroup {
        let path = base + "/" + name
        try Self.makeGroup(path)
        if !Self.lines(of: path + "/cgroup.procs").isEmpty { try Self.write("1", to: path + "/cgroup.kill") }
        try Self.write(memoryMaximum.map { String($0) } ?? "max", to: path + "/memory.max")
        // A worker has one process that matters; with it goes everything that it started.
        try Self.write("1", to: path + "/memory.oom.group")
        return ControlGroup(path: path)
    }

    private static func makeGroup(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw SystemError("mkdir", path) }
    }

    fileprivate static func write(_ text: String, to path: String) throws(SystemError) {
        try FileDescriptor.open(path, O_WRONLY | O_CREAT).writeAll(text)
    }

    fileprivate static func lines(of path: String) -> [String] {
        guard let bytes = try? MappedFile.contents(of: path, limit: 1 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func words(of path: String) -> [String] {
        lines(of: path).flatMap { $0.split(separator: " ").map(String.init) }
    }
}

/// One control group; it is removed when nobody holds it and its processes have ended.
package final class ControlGroup {
    package let path: String
    private let killsBefore: Int

    fileprivate init(path: String) {
        self.path = path
        killsBefore = Self.kills(in: path)
    }

    deinit { rmdir(path) }

    /// Moves a process into the group; what it holds already stays charged where it was.
    package func add(_ process: Int32) throws(SystemError) {
        try ControlGroups.write(String(process), to: path + "/cgroup.procs")
    }

    /// Whether the kernel has ended a process of the group for want of memory.
    package var ranOutOfMemory: Bool { Self.kills(in: path) > killsBefore }

    private static func kills(in path: String) -> Int {
        for line in ControlGroups.lines(of: path + "/memory.events") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst("oom_kill ".count)) ?? 0
        }
        return 0
    }
}
