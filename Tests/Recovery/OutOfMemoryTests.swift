import Foundation
import ServiceTestSupport
import Testing

/// Jobs that take more memory than their plan says: they fail, everything else goes on.
@Suite(.serialized, .timeLimit(.minutes(10))) struct OutOfMemoryTests {
    typealias Object = ServiceConnection.Object

    @Test func onlyTheJobThatTookTooMuchFails() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 2, "worker_threads": 1])
        let client = try daemon.connection()
        let process = daemon.daemon
        let other = try daemon.submit(client, "other", steps: 1_000_000)
        func step(of id: String) throws -> Int {
            (try client.call("job.get", ["job": id])["progress"] as? Object)?["step"] as? Int ?? 0
        }
        for number in 1...TestRepetition.factor {
            let before = try step(of: other)
            let hog = try daemon.submit(client, "hog-\(number)", model: "hog", steps: 100_000)
            try client.call("job.wait", ["jobs": [hog], "timeout": 60])
            let job = try client.call("job.get", ["job": hog])
            let error = try #require(job["error"] as? Object)
            #expect(job["state"] as? String == "failed" && error["kind"] as? String == "oom")
            #expect(job["attempt"] as? Int == 1, "it would fail again")
            let message = error["message"] as? String ?? ""
            #expect(message.contains("129 MiB are allowed, its plan said 1 MiB"), "\(message)")
            let peak = (job["memory"] as? Object)?["peak_bytes"] as? Int ?? 0
            #expect(peak > 129 << 20)
            #expect((error["hint"] as? String)?.contains("limits.plan_margin") == true)
            #expect(try step(of: other) > before)
        }
        #expect(daemon.isRunning && daemon.daemon == process)
        #expect(try client.call("job.get", ["job": other])["attempt"] as? Int == 1)
        try client.call("job.cancel", ["job": other])
    }

    /// The setting that lets a run have more than its plan.
    @Test func theMarginIsASetting() throws {
        let daemon = try DaemonFixture.scripted(limits: ["plan_margin": 40_000])
        let client = try daemon.connection()
        let hog = try daemon.submit(client, "hog", model: "hog", steps: 300)
        try client.call("job.wait", ["jobs": [hog], "timeout": 60])
        let job = try client.call("job.get", ["job": hog])
        #expect(job["state"] as? String == "succeeded")
        #expect((job["memory"] as? Object)?["peak_bytes"] as? Int ?? 0 > 129 << 20)
    }

    /// A real run under a bound that it does not keep.
    @Test func aRealRunIsEndedAtItsBound() throws {
        let daemon = try DaemonFixture(limits: ["worker_memory: 4M"])
        let file = try SmallRun.write(to: daemon.folder, steps: 2000, extra: ["output_dir: out"])
        let finished = try daemon.tunectl("run", file, directory: daemon.folder)
        #expect(finished.status == 1 && finished.errors.contains("4 MiB are allowed"), "\(finished.errors)")
        #expect(finished.errors.contains("limits.worker_memory"))
        #expect(daemon.isRunning)
    }
}
