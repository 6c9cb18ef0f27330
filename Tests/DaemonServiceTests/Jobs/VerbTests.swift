import Foundation
import ServiceTestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct VerbTests {
    typealias Object = ServiceConnection.Object

    private func state(_ client: ServiceConnection, _ id: String) throws -> String {
        try client.call("job.get", ["job": id])["state"] as? String ?? "?"
    }

    private func wait(_ client: ServiceConnection, _ id: String, until wanted: String) throws {
        let deadline = Date().addingTimeInterval(30)
        while try state(client, id) != wanted {
            guard Date() < deadline else {
                Issue.record("job \(id) is \(try state(client, id)), not \(wanted)")
                return
            }
            usleep(2000)
        }
    }

    private func kind(_ body: () throws -> Object) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? ServiceConnection.Failure)?.kind ?? "\(error)"
        }
    }

    @Test func pauseEndsTheWorkerAndResumeGoesOn() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "a", steps: 600)
        try wait(client, id, until: "running")
        usleep(30_000)
        #expect(try client.call("job.pause", ["job": id])["wish"] as? String == "pause")
        try wait(client, id, until: "paused")
        #expect(daemon.workers().isEmpty)
        let paused = try client.call("job.get", ["job": id])
        let checkpoint = try #require(paused["checkpoint"] as? Object)
        #expect(FileManager.default.fileExists(atPath: checkpoint["path"] as? String ?? ""))
        // It keeps its state over a restart and gives its place to others.
        daemon.stop(SIGTERM)
        try daemon.start()
        let again = try daemon.connection()
        let other = try daemon.submit(again, "b")
        try wait(again, other, until: "succeeded")
        #expect(try state(again, id) == "paused")
        #expect(kind { try again.call("job.requeue", ["job": id]) } == "conflict")
        try again.call("job.resume", ["job": id])
        try wait(again, id, until: "succeeded")
        let log = try again.call("job.logs", ["job": id])["text"] as? String ?? ""
        #expect(log.contains("attempt 2 from step \(checkpoint["step"] as? Int ?? -1)"))
        #expect(kind { try again.call("job.pause", ["job": id]) } == "conflict")
        #expect(kind { try again.call("job.resume", ["job": id]) } == "conflict")
    }

    @Test func checkpointRequeueAndForkGoOnFromWhereTheyShould() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "a", steps: 2000)
        try wait(client, id, until: "running")
        let saved = try client.call("job.checkpoint", ["job": id])
        let step = try #require(saved["step"] as? Int)
        #expect(saved["path"] as? String == daemon.path("a/checkpoint-\(step)"))
        try client.call("job.cancel", ["job": id])
        try wait(client, id, until: "cancelled")
        #expect(kind { try client.call("job.checkpoint", ["job": id]) } == "conflict")

        let fork = try client.call("job.fork", ["job": id, "at": step, "overrides": ["max_steps=\(step + 5)"]])
        let forked = try #require(fork["id"] as? String)
        #expect(fork["output_dir"] as? String == "a-at-\(step)" && fork["forked_from"] as? String == id)
        try wait(client, forked, until: "succeeded")
        #expect(
            try (client.call("job.logs", ["job": forked])["text"] as? String)?.contains("from step \(step)") == true)
        #expect(kind { try client.call("job.fork", ["job": id, "at": 999_999]) } == "not_found")

        let newest = try #require((client.call("job.get", ["job": id])["checkpoint"] as? Object)?["step"] as? Int)
        try client.call("job.requeue", ["job": id])
        try wait(client, id, until: "running")
        let requeued = try client.call("job.get", ["job": id])
        #expect(requeued["finished_at"] == nil && requeued["attempt"] as? Int == 2)
        usleep(20_000)
        try client.call("job.cancel", ["job": id])
        try wait(client, id, until: "cancelled")
        #expect(
            try (client.call("job.logs", ["job": id])["text"] as? String)?.contains("attempt 2 from step \(newest)")
                == true)
    }

    @Test func priorityDecidesAndPlacesAreShown() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let first = try daemon.submit(client, "first", steps: 100_000)
        try wait(client, first, until: "running")
        let low = try daemon.submit(client, "low")
        let high = try daemon.submit(client, "high", steps: 10, ["priority": 3])
        func position(_ id: String) throws -> Int? {
            (try client.call("job.get", ["job": id])["queue"] as? Object)?["position"] as? Int
        }
        #expect(try position(high) == 1 && position(low) == 2 && position(first) == nil)
        try client.call("job.prioritize", ["job": low, "priority": 7])
        #expect(try position(low) == 1 && position(high) == 2)
        usleep(100_000)
        let place = try #require(client.call("job.get", ["job": low])["queue"] as? Object)
        #expect(place["starts_in"] as? Double ?? 0 > 1)
        #expect((place["reason"] as? String)?.contains("1 job runs") == true)
        let listed = try client.call("job.list", ["states": ["queued"], "limit": 5, "kinds": ["train"]])
        #expect((listed["jobs"] as? [Object])?.map { ($0["queue"] as? Object)?["position"] as? Int } == [2, 1])
        try client.call("job.cancel", ["job": first])
        try client.call("job.wait", ["jobs": [high, low]])
        let (a, b) = (try client.call("job.get", ["job": low]), try client.call("job.get", ["job": high]))
        #expect(a["started_at"] as? String ?? "~" < b["started_at"] as? String ?? "")
    }

    @Test func chainsWaitAndPassTheirOutputOn() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 2])
        let client = try daemon.connection()
        let first = try daemon.submit(client, "one", steps: 100)
        let second = try client.call(
            "job.submit", daemon.submission("two").merging(["overrides": ["adapter_name_or_path=job:\(first)"]]) { $1 })
        let id = try #require(second["id"] as? String)
        #expect(second["state"] as? String == "waiting" && second["after"] as? [String] == [first])
        let third = try daemon.submit(client, "three", steps: 10, ["after": [id, first]])
        try client.call("job.wait", ["jobs": [third]])
        #expect(try state(client, third) == "succeeded" && state(client, id) == "succeeded")
        #expect(kind { try client.call("job.submit", daemon.submission("x", ["after": ["77"]])) } == "not_found")

        // A failure goes along the chain; requeueing works from its beginning.
        let blockers = try ["b1", "b2"].map { try daemon.submit(client, $0, steps: 100_000) }
        let bad = try daemon.submit(client, "bad", model: "hopeless")
        let next = try daemon.submit(client, "next", steps: 10, ["after": [bad]])
        let last = try daemon.submit(client, "last", steps: 10, ["after": [next]])
        for id in blockers { try client.call("job.cancel", ["job": id]) }
        try client.call("job.wait", ["jobs": [last]])
        let failed = try client.call("job.get", ["job": last])
        #expect(failed["state"] as? String == "failed")
        #expect((failed["error"] as? Object)?["kind"] as? String == "dependency_failed")
        #expect(try (client.call("job.get", ["job": bad])["error"] as? Object)?["kind"] as? String == "bad_data")
        #expect(kind { try client.call("job.requeue", ["job": last]) } == "conflict")
        #expect(kind { try client.call("job.submit", daemon.submission("y", ["after": [bad]])) } == "conflict")
    }

    @Test func aWaitingJobIsFoundAgainAfterARestart() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let first = try daemon.submit(client, "one", steps: 300)
        let second = try daemon.submit(client, "two", steps: 10, ["after": [first]])
        try wait(client, first, until: "running")
        daemon.stop(SIGKILL)
        try daemon.start()
        let again = try daemon.connection()
        #expect(try state(again, second) == "waiting")
        try again.call("job.wait", ["jobs": [second]])
        #expect(try state(again, second) == "succeeded")
    }

    @Test func crashesAreRetriedABoundedNumberOfTimes() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let crashing = try daemon.submit(client, "a", model: "crash", steps: 4)
        try client.call("job.wait", ["jobs": [crashing]])
        let job = try client.call("job.get", ["job": crashing])
        #expect(job["state"] as? String == "failed" && job["attempt"] as? Int == 5)
        #expect((job["error"] as? Object)?["kind"] as? String == "worker_crashed")
        let hopeless = try daemon.submit(client, "b", model: "hopeless")
        try client.call("job.wait", ["jobs": [hopeless]])
        #expect(try client.call("job.get", ["job": hopeless])["attempt"] as? Int == 1)
    }

    @Test func waitingEndsInTime() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let long = try daemon.submit(client, "a", steps: 100_000)
        #expect(kind { try client.call("job.wait", ["jobs": [long], "timeout": 0.05]) } == "timeout")
        #expect(try daemon.tunectl("wait", long, "--timeout", "0.05").status == 124)
        #expect(kind { try client.call("job.wait", ["jobs": ["99"]]) } == "not_found")
        let short = try daemon.submit(client, "b", model: "hopeless", steps: 10, ["priority": 1])
        #expect(try daemon.tunectl("pause", long).status == 0)
        #expect(try daemon.tunectl("wait", short).status == 1)
        #expect(try daemon.tunectl("cancel", long).status == 0)
        #expect(try daemon.tunectl("wait", short, long).status == 3)
    }

    @Test func removingForgetsOnlyWhatHasEnded() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "a")
        let long = try daemon.submit(client, "b", steps: 100_000)
        try client.call("job.wait", ["jobs": [id]])
        #expect(kind { try client.call("job.remove", ["job": long]) } == "conflict")
        let log = daemon.state + "/jobs/\(id)/worker.log"
        #expect(FileManager.default.fileExists(atPath: log))
        #expect(try daemon.tunectl("rm", id, "--purge").status == 0)
        #expect(!FileManager.default.fileExists(atPath: log))
        #expect(FileManager.default.fileExists(atPath: daemon.path("a")))
        #expect(kind { try client.call("job.get", ["job": id]) } == "not_found")
    }

    @Test func kindsWithoutAnEngineAreRefusedByName() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let refused = #expect(throws: ServiceConnection.Failure.self) {
            try client.call("job.submit", daemon.submission("a", ["kind": "predict"]))
        }
        #expect(refused?.kind == "not_available" && refused?.message.contains("predict") == true)
        let aimless = #expect(throws: ServiceConnection.Failure.self) {
            try client.call("job.submit", daemon.submission("a", ["kind": "export"]))
        }
        #expect(aimless?.kind == "bad_config" && aimless?.message.contains("export_dir") == true)
        #expect(kind { try client.call("job.submit", daemon.submission("a", ["kind": "dance"])) } == "bad_request")
        let evaluation = daemon.submission("e").merging([
            "overrides": ["do_train=false", "do_eval=true", "val_size=0.1"]
        ]) { $1 }
        #expect(kind { try client.call("job.submit", evaluation) } == "bad_config")
    }

    @Test func aLostAnswerIsGivenAgain() throws {
        let daemon = try DaemonFixture.scripted()
        let parameters = daemon.submission("a", steps: 10, ["client_token": "once"])
        for _ in 0..<20 {
            let client = try daemon.connection()
            try client.send("job.submit", parameters)
            client.close()
        }
        let client = try daemon.connection()
        let id = try client.call("job.submit", parameters)["id"] as? String
        try client.call("job.wait", ["jobs": [id ?? ""]])
        // Also when the job has ended and its output directory is in use again.
        _ = try daemon.submit(client, "a", steps: 100_000)
        #expect(try client.call("job.submit", parameters)["id"] as? String == id)
        #expect(try (client.call("job.list", [:])["jobs"] as? [Object])?.count == 2)
    }

    @Test func figuresAreServedWithTheirNumbers() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "a", steps: 50)
        try client.call("job.wait", ["jobs": [id]])
        let all = try client.call("job.metrics", ["job": id])
        let records = try #require(all["metrics"] as? [Object])
        #expect(records.count == 50 && all["complete"] as? Bool == true)
        let middle = try #require(records[24]["seq"] as? Int)
        let rest = try client.call("job.metrics", ["job": id, "since": middle, "limit": 5])
        #expect(
            (rest["metrics"] as? [Object])?.compactMap { ($0["fields"] as? Object)?["step"] as? Int } == [
                26, 27, 28, 29, 30,
            ])
        let lines = try daemon.tunectl("metrics", id).output.split(separator: "\n")
        #expect(lines.count == 50)
    }
}
