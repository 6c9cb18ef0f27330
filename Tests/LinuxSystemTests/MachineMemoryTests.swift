import Foundation
import LinuxSystem
import Testing

@Suite struct MachineMemoryTests {
    private func machine(_ files: [String: String]) throws -> MachineMemory {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("machine-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return MachineMemory(below: root.path)
    }

    private let meminfo = "MemTotal:       1000 kB\nMemFree:  5 kB\nMemAvailable:    400 kB\n"

    @Test func theLowestLimitOfTheGroupsAboveCounts() throws {
        let unified = try machine([
            "proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/memory.max": "300000\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
        ])
        #expect(unified == MachineMemory(total: 1_024_000, available: 409_600, groupLimit: 300_000))
        #expect(unified.usable == 300_000)
        let legacy = try machine([
            "proc/meminfo": meminfo, "proc/self/cgroup": "4:cpu:/x\n3:memory:/jobs\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/jobs/memory.limit_in_bytes": "700000\n",
        ])
        #expect(legacy.groupLimit == 700_000 && legacy.usable == 700_000)
    }

    @Test func withoutLimitsItIsTheMachine() throws {
        let free = try machine(["proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n"])
        #expect(free.groupLimit == nil && free.usable == 1_024_000)
        #expect(MachineMemory.present.total > 1 << 28)
    }
}
