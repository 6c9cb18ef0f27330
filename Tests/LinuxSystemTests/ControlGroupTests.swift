import Foundation
import LinuxSystem
import Testing

/// Control groups: what is written, in a tree of files; and what the kernel does with it, where groups can be made.
@Suite(.serialized) struct ControlGroupTests {
    /// A machine of plain files, with the group `/svc` for this process.
    private final class Machine {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)")

        init(
            group: String = "0::/svc", controllers: String = "cpu memory pids", others: [Int32] = [],
            hierarchy: String = "sys/fs/cgroup"
        ) throws {
            try write("proc/self/cgroup", "12:pids:/else\n\(group)\n")
            try write(hierarchy + "/cgroup.controllers", controllers)
            let base = hierarchy + group.dropFirst(3)
            try write(base + "/cgroup.controllers", controllers)
            try write(base + "/cgroup.procs", ([getpid()] + others).map { "\($0)\n" }.joined())
        }

        deinit { try? FileManager.default.removeItem(at: root) }

        func write(_ name: String, _ text: String) throws {
            let file = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }

        func text(_ name: String) -> String? {
            try? String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
        }
    }

    @Test(arguments: ["sys/fs/cgroup", "sys/fs/cgroup/unified"])
    func aGroupGetsItsBoundBeforeItsProcess(hierarchy: String) throws {
        let machine = try Machine(hierarchy: hierarchy)
        let groups = try ControlGroups(below: machine.root.path)
        #expect(machine.text("\(hierarchy)/svc/daemon/cgroup.procs") == "\(getpid())")
        #expect(machine.text("\(hierarchy)/svc/cgroup.subtree_control") == "+memory")
        let group = try groups.group("job-7", memoryMaximum: 123_456_789)
        #expect(machine.text("\(hierarchy)/svc/job-7/memory.max") == "123456789")
        #expect(machine.text("\(hierarchy)/svc/job-7/memory.oom.group") == "1")
        try group.add(4321)
        #expect(machine.text("\(hierarchy)/svc/job-7/cgroup.procs") == "4321")
        _ = try groups.group("job-8", memoryMaximum: nil)
        #expect(machine.text("\(hierarchy)/svc/job-8/memory.max") == "max")
    }

    @Test func whatTheKernelEndedIsSeen() throws {
        let machine = try Machine()
        try machine.write("sys/fs/cgroup/svc/job-7/memory.events", "low 0\nmax 3\noom 1\noom_kill 2\n")
        let group = try ControlGroups(below: machine.root.path).group("job-7", memoryMaximum: 1)
        #expect(!group.ranOutOfMemory, "what happened before was another process")
        try machine.write("sys/fs/cgroup/svc/job-7/memory.events", "low 0\nmax 9\noom 2\noom_kill 3\n")
        #expect(group.ranOutOfMemory)
    }

    @Test func whatIsNotOursIsLeftAlone() throws {
        func refusal(_ machine: Machine) -> String? {
            let error = #expect(throws: ControlGroups.Unavailable.self) { try ControlGroups(below: machine.root.path) }
            return error?.description
        }
        let shared = try Machine(others: [1])
        #expect(refusal(shared)?.contains("holds 1 other process too") == true)
        #expect(shared.text("sys/fs/cgroup/svc/cgroup.subtree_control") == nil)
        let without = try Machine(controllers: "cpu pids")
        #expect(refusal(without)?.contains("the memory controller is not given to") == true)
        #expect(refusal(try Machine(group: "1:name=systemd:/svc"))?.contains("names no group") == true)
        let none = try Machine()
        try FileManager.default.removeItem(at: none.root.appendingPathComponent("sys"))
        #expect(refusal(none) == "no cgroup v2 hierarchy is mounted at /sys/fs/cgroup")
    }

    /// The kernel's own groups, with whatever controller it gives here.
    @Test func theKernelTakesProcessesAndGivesGroupsBack() throws {
        let hierarchy = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
            FileManager.default.fileExists(atPath: $0 + "/cgroup.controllers")
        }
        let base = (hierarchy ?? "/sys/fs/cgroup") + "/finetuned-test-\(getpid())"
        guard hierarchy != nil, mkdir(base, 0o755) == 0 else {
            print("left out: no control group can be made here (\(String(cString: strerror(errno))))")
            return
        }
        defer { rmdir(base) }
        let given = try String(contentsOfFile: base + "/cgroup.controllers", encoding: .utf8).split(separator: " ")
        guard let controller = given.first.map({ $0.trimmingCharacters(in: .whitespacesAndNewlines) }),
            !controller.isEmpty
        else {
            print("left out: no controller is given to \(base)")
            return
        }
        let owner = try sleeper()
        defer { kill(owner.processIdentifier, SIGKILL) }
        try "\(owner.processIdentifier)".write(toFile: base + "/cgroup.procs", atomically: false, encoding: .utf8)
        let groups = try ControlGroups(process: owner.processIdentifier, controller: controller)
        #expect(groups.base == base)
        #expect(try String(contentsOfFile: base + "/cgroup.subtree_control", encoding: .utf8) == controller + "\n")
        // Again: the group is not empty of groups, and its process is no longer in it.
        #expect(throws: ControlGroups.Unavailable.self) {
            try ControlGroups(process: getpid(), controller: "no such controller")
        }
        let worker = try sleeper()
        if controller == "memory" {
            var group: ControlGroup? = try groups.group("job-1", memoryMaximum: 64 << 20)
            try group?.add(worker.processIdentifier)
            #expect(group?.ranOutOfMemory == false)
            kill(worker.processIdentifier, SIGKILL)
            worker.waitUntilExit()
            group = nil
            #expect(!FileManager.default.fileExists(atPath: base + "/job-1"))
        } else {
            // A group without the memory controller has no file for the bound.
            #expect(throws: SystemError.self) { try groups.group("job-1", memoryMaximum: 64 << 20) }
            print("left out: bounds of memory; the kernel gives \(given.joined(separator: " ")) here")
            kill(worker.processIdentifier, SIGKILL)
            worker.waitUntilExit()
            rmdir(base + "/job-1")
        }
        kill(owner.processIdentifier, SIGKILL)
        owner.waitUntilExit()
        rmdir(base + "/daemon")
    }

    private func sleeper() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        return process
    }
}
