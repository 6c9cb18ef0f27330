import Glibc

/// The memory that processes here may use.
package struct MachineMemory: Sendable, Equatable {
    /// `MemTotal`.
    package var total = 0
    /// `MemAvailable`: what can be had without swapping.
    package var available = 0
    /// The lowest limit of the control groups that this process is in.
    package var groupLimit: Int?

    /// What there is at most.
    package var usable: Int { min(total, groupLimit ?? total) }

    package init(total: Int, available: Int, groupLimit: Int?) {
        self.total = total
        self.available = available
        self.groupLimit = groupLimit
    }

    /// As the kernel tells it now.
    package static var present: MachineMemory { MachineMemory(below: "") }

    /// How many processes the kernel has ended for want of memory since the machine was started; 0 where it does not tell.
    package static var outOfMemoryKills: Int {
        for line in lines(of: "/proc/vmstat") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst("oom_kill ".count)) ?? 0
        }
        return 0
    }

    /// - Parameter root: where `/proc` and `/sys` lie
    package init(below root: String) {
        self.init(total: 0, available: 0, groupLimit: nil)
        for line in Self.lines(of: root + "/proc/meminfo") {
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count >= 2, let kibibytes = Int(fields[1]) else { continue }
            if fields[0] == "MemTotal:" { total = kibibytes * 1024 }
            if fields[0] == "MemAvailable:" { available = kibibytes * 1024 }
        }
        if total == 0 { total = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
        groupLimit = Self.lines(of: root + "/proc/self/cgroup").compactMap { Self.limit(ofGroup: $0, below: root) }
            .min()
    }

    /// The limit of a line `NUMBER:CONTROLLERS:PATH` of /proc/self/cgroup, looked for in every group above too.
    private static func limit(ofGroup line: String, below top: String) -> Int? {
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        let (root, file): (String, String)
        if fields[1].isEmpty {
            (root, file) = (top + "/sys/fs/cgroup", "memory.max")
        } else if fields[1].split(separator: ",").contains("memory") {
            (root, file) = (top + "/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            return nil
        }
        var limits: [Int] = []
        var path = String(fields[2])
        while true {
            if let text = lines(of: root + path + "/" + file).first, let bytes = Int(text) { limits.append(bytes) }
            guard path.count > 1, let slash = path.lastIndex(of: "/") else { break }
            path = String(path[..<slash])
        }
        return limits.min()
    }

    private static func lines(of path: String) -> [String] {
        guard let bytes = try? MappedFile.contents(of: path, limit: 1 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
