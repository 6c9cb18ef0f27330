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
}
