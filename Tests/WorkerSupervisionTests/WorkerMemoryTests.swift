import Foundation
import LinuxSystem
import ServiceAPI
import Testing
import WorkerSupervision

/// A worker that holds too much is ended and says what it was allowed; one that was killed otherwise is not blamed.
@Suite(.serialized, .timeLimit(.minutes(1))) struct WorkerMemoryTests {
    /// Starts `script` as a worker and returns how it ended.
    private func end(
        of script: String, memory: WorkerMemory, then act: @escaping (Worker) -> Void = { _ in }
    ) throws -> ServiceError {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("worker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("worker")
        try "#!/bin/bash\n\(script)\n".write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        let loop = try EventLoop()
        let program = WorkerProgram(path: file.path, environment: ["PATH=/usr/bin:/bin"])
        let worker = try Worker(
            program, logPath: folder.appendingPathComponent("log").path, memory: memory, loop: loop)
        var ended: ServiceError?
        worker.onExit = { error in
            ended = error
            loop.stop()
        }
        loop.after(0.2) { act(worker) }
        loop.after(20) { loop.stop() }
        try loop.run()
        return try #require(ended)
    }

    private static let hog = "text=x; for i in {1..27}; do text=$text$text; done; sleep 30 3>&-"

    @Test func aLimitEndsTheWorkerWithPlanAndPeak() throws {
        var memory = WorkerMemory(limit: 64 << 20)
        memory.plannedPeak = 50 << 20
        memory.setting = "limits.plan_margin"
        // A worker is watched while it has something to do.
        let error = try end(of: Self.hog, memory: memory) { $0.call("work", nil) { _ in } }
        #expect(error.kind == .outOfMemory)
        let held = try #require(error.message.firstMatch(of: /the worker held (\d+) MiB of its own/)?.1)
        #expect(try #require(Int(held)) > 64)
        #expect(error.message.contains("64 MiB are allowed, its plan said 50 MiB"), "\(error.message)")
        #expect(error.hint?.contains("limits.plan_margin") == true)
    }

    @Test func aWorkerThatIsKilledIsNotBlamedForMemory() throws {
        let error = try end(of: "sleep 30 3>&-", memory: WorkerMemory(limit: 64 << 20)) { $0.kill() }
        #expect(error.kind == .workerCrashed && error.message.contains("signal 9"))
    }

    /// The kernel's part is played by a file: what matters is that its word is heard.
    @Test func theKernelsWordOnAGroupIsHeard() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("machine-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        func write(_ name: String, _ text: String) throws {
            let file = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        try write("proc/self/cgroup", "0::/svc\n")
        try write("sys/fs/cgroup/cgroup.controllers", "memory")
        try write("sys/fs/cgroup/svc/cgroup.controllers", "memory")
        var memory = WorkerMemory()
        memory.plannedPeak = 90 << 20
        memory.group = try ControlGroups(below: root.path).group("job-1", memoryMaximum: 100 << 20)
        var members = ""
        let error = try end(of: "sleep 30 3>&-", memory: memory) { worker in
            members =
                (try? String(
                    contentsOf: root.appendingPathComponent("sys/fs/cgroup/svc/job-1/cgroup.procs"), encoding: .utf8))
                ?? ""
            #expect(members == "\(worker.process)")
            try? write("sys/fs/cgroup/svc/job-1/memory.events", "oom 1\noom_kill 1\n")
            worker.kill()
        }
        #expect(error.kind == .outOfMemory && error.message.contains("its plan said 90 MiB"), "\(error.message)")
    }
}
