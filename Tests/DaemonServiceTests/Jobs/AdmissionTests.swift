import Foundation
import ServiceTestSupport
import Testing

/// A job starts when its memory plan says that it fits.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AdmissionTests {
    typealias Object = ServiceConnection.Object

    private func state(_ client: ServiceConnection, _ id: String) throws -> String {
        try client.call("job.get", ["job": id])["state"] as? String ?? "?"
    }

    private func wait(_ client: ServiceConnection, for id: String, _ condition: (Object) -> Bool) throws -> Object {
        for _ in 0..<500 {
            let job = try client.call("job.get", ["job": id])
            if condition(job) { return job }
            usleep(20_000)
        }
        Issue.record("job \(id) did not come so far")
        return [:]
    }

    @Test func whatCanNeverFitIsRefusedWithWhatWould() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        // The queue is busy; the refusal does not wait for its turn.
        let busy = try daemon.submit(client, "busy", steps: 3000)
        let huge = try daemon.submit(client, "out", model: "huge")
        try client.call("job.wait", ["jobs": [huge], "timeout": 20])
        #expect(try state(client, busy) == "running")
        let job = try client.call("job.get", ["job": huge])
        let error = try #require(job["error"] as? Object)
        #expect(job["state"] as? String == "failed" && error["kind"] as? String == "oom")
        let message = error["message"] as? String ?? ""
        #expect(message.contains("the job needs 1101036 MiB (activations 1048576)"), "\(message)")
        #expect((error["hint"] as? String)?.contains("it would fit with cutoff_len=64 (5 MiB)") == true)
        try client.call("job.cancel", ["job": busy])
    }

    @Test func jobsThatDoNotFitTogetherRunOneAfterTheOther() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 2, "worker_threads": 1, "memory": 1 << 30])
        let client = try daemon.connection()
        let first = try daemon.submit(client, "first", model: "large", steps: 400)
        let second = try daemon.submit(client, "second", model: "large", steps: 5)
        let waiting = try wait(client, for: second) {
            (($0["queue"] as? Object)?["reason"] as? String)?.contains("MiB of memory") == true
        }
        #expect(waiting["state"] as? String == "queued")
        #expect(try state(client, first) == "running")
        // What is known survives the daemon.
        daemon.stop(SIGKILL)
        try daemon.start()
        let again = try daemon.connection()
        try again.call("job.wait", ["jobs": [first, second], "timeout": 60])
        #expect(try state(again, first) == "succeeded" && state(again, second) == "succeeded")
    }

    /// Precision is decided when a job is submitted, and what is kept in memory when it is planned; both stay with it.
    @Test func whatWasDecidedStaysWithTheJob() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 3, "memory": 4 << 30])
        let client = try daemon.connection()
        let tiles = try #require(client.call("system.info", [:])["matrix_tiles"] as? Bool)
        let id = try daemon.submit(client, "out", steps: 4, ["overrides": ["bf16=true"]])
        let asked = try daemon.submit(client, "other", steps: 4, ["overrides": ["matmul_precision=high"]])
        try client.call("job.wait", ["jobs": [id, asked], "timeout": 20])
        daemon.stop(SIGKILL)
        try daemon.start()
        let again = try daemon.connection()
        let job = try again.call("job.get", ["job": id])
        #expect(job["matmul_precision"] as? String == (tiles ? "medium" : "highest"))
        #expect((job["memory"] as? Object)?["keep_below_bytes"] as? Int == 1 << 30)
        #expect(try again.call("job.get", ["job": asked])["matmul_precision"] as? String == "high")
        // The worker is told, and so is that of a fork.
        let log = try String(contentsOfFile: daemon.path("state/jobs/\(id)/worker.log"), encoding: .utf8)
        #expect(log.contains("matmul_precision=\(tiles ? "medium" : "highest")"))
        #expect(log.contains("keep below 1073741824"))
    }

    @Test func aJobWithoutAPlanStarts() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "out", model: "planless")
        try client.call("job.wait", ["jobs": [id], "timeout": 20])
        #expect(try state(client, id) == "succeeded")
    }

    /// The whole way: a real plan, a budget that is too small, and the change that it names.
    @Test func aRealRunIsRefusedAndFitsWithTheChange() throws {
        let daemon = try DaemonFixture(limits: ["memory: \(60 << 20)"])
        let file = try SmallRun.write(
            to: daemon.folder, steps: 2, extra: ["output_dir: out", "disable_gradient_checkpointing: true"])
        let refused = try daemon.tunectl(
            "run", file, "per_device_train_batch_size=64", "gradient_accumulation_steps=1", directory: daemon.folder)
        #expect(refused.status != 0 && refused.errors.contains("jobs may use 60 MiB in all"), "\(refused.errors)")
        let change = try #require(refused.errors.firstMatch(of: /would fit with (.+) \(/)?.1)
        var arguments = ["run", file, "output_dir=other"]
        arguments += change.split(separator: " ").map(String.init)
        let finished = try ServiceTestSupport.run(
            Checkout.program("tunectl"), arguments, environment: ["FINETUNED_SOCKET": daemon.socket],
            directory: daemon.folder, seconds: 60)
        #expect(finished.status == 0, "\(finished.errors)")
    }

    /// A budget that became too small while a job waited, as a reload or a new daemon brings it.
    @Test func aSmallerBudgetMeansANewPlan() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 1, "memory": 4 << 30])
        let client = try daemon.connection()
        let busy = try daemon.submit(client, "busy", steps: 100_000)
        let large = try daemon.submit(client, "large", model: "large")
        _ = try wait(client, for: large) { $0["memory_bytes"] != nil }
        daemon.stop(SIGKILL)
        try "limits:\n  memory: \(1 << 30)\n".write(
            toFile: daemon.path("finetuned.yaml"), atomically: true, encoding: .utf8)
        try daemon.start()
        let again = try daemon.connection()
        try again.call("job.cancel", ["job": busy])
        try again.call("job.wait", ["jobs": [large], "timeout": 30])
        // Three fifths of what there is now.
        #expect(try again.call("job.get", ["job": large])["memory_bytes"] as? Int ?? .max < 1 << 30)
        #expect(try state(again, large) == "succeeded")
    }

    @Test func aJobThatIsRequeuedIsPlannedAgain() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let huge = try daemon.submit(client, "out", model: "huge")
        for _ in 1...2 {
            try client.call("job.wait", ["jobs": [huge], "timeout": 20])
            let error = try #require(client.call("job.get", ["job": huge])["error"] as? Object)
            #expect((error["hint"] as? String)?.contains("it would fit with cutoff_len=64") == true)
            try client.call("job.requeue", ["job": huge])
        }
    }

    /// The machine is one of plain files whose memory controller was given to the daemon.
    @Test func aJobHasAControlGroupWhereThereAreAny() throws {
        let folder = DaemonFixture.newFolder()
        let service = folder.appendingPathComponent("machine/sys/fs/cgroup/svc")
        try FileManager.default.createDirectory(at: service, withIntermediateDirectories: true)
        for (name, text) in [
            ("proc/self/cgroup", "0::/svc\n"), ("sys/fs/cgroup/cgroup.controllers", "memory\n"),
            ("sys/fs/cgroup/svc/cgroup.controllers", "memory\n"),
        ] {
            let file = folder.appendingPathComponent("machine/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let daemon = try DaemonFixture.scripted(
            environment: ["FINETUNED_SYSTEM_ROOT": folder.path + "/machine"], folder: folder)
        let client = try daemon.connection()
        let system = try client.call("system.info", [:])
        #expect(system["memory_control"] as? String == "cgroup" && system["memory_control_reason"] == nil)
        func text(_ name: String) -> String? {
            try? String(contentsOf: service.appendingPathComponent(name), encoding: .utf8)
        }
        #expect(text("daemon/cgroup.procs") == "\(daemon.daemon)")
        let id = try daemon.submit(client, "out", steps: 3000)
        _ = try wait(client, for: id) { ($0["progress"] as? Object)?["step"] as? Int ?? 0 > 0 }
        let worker = try #require(text("job-\(id)/cgroup.procs").flatMap { Int32($0) })
        #expect(daemon.workers().contains(worker))
        // The plan's mebibyte and a fifth, what every run may take more, and pages of files.
        let planned = 1 << 20
        #expect(text("job-\(id)/memory.max") == "\(planned + planned / 100 * 20 + (128 << 20) + (256 << 20))")
        try "max 9\noom 1\noom_kill 1\n".write(
            to: service.appendingPathComponent("job-\(id)/memory.events"), atomically: true, encoding: .utf8)
        kill(worker, SIGKILL)
        let job = try wait(client, for: id) { $0["state"] as? String == "failed" }
        let error = try #require(job["error"] as? Object)
        #expect(error["kind"] as? String == "oom")
        #expect((error["message"] as? String)?.contains("its plan said 1 MiB") == true, "\(error)")
        #expect((job["memory"] as? Object)?["planned_peak_bytes"] as? Int == planned)
    }

    @Test func whyThereAreNoGroupsIsSaid() throws {
        let daemon = try DaemonFixture.scripted(environment: ["FINETUNED_SYSTEM_ROOT": "/nonexistent"])
        let system = try daemon.connection().call("system.info", [:])
        #expect(system["memory_control"] as? String == "watch")
        #expect(system["memory_control_reason"] as? String == "no cgroup v2 hierarchy is mounted at /sys/fs/cgroup")
        let doctor = try daemon.tunectl("doctor")
        #expect(doctor.output.contains("the daemon watches its workers; no control groups: no cgroup v2"))
    }

    @Test func whatAJobHeldIsKept() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "out", steps: 20)
        try client.call("job.wait", ["jobs": [id], "timeout": 30])
        let memory = try #require(try client.call("job.get", ["job": id])["memory"] as? Object)
        #expect(memory["peak_bytes"] as? Int ?? 0 > 100_000)
    }
}
