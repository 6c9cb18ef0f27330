import Foundation
import ServiceTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct FullDiskTests {
    typealias Object = ServiceConnection.Object

    @Test func aFullStateDirectoryIsToldAndSurvived() throws {
        var disk: SmallFileSystem?
        let daemon = try DaemonFixture.scripted(state: { state in
            disk = SmallFileSystem(at: state, mebibytes: 4, test: "aFullStateDirectoryIsToldAndSurvived")
        })
        guard let disk else { return }
        let client = try daemon.connection()
        let running = try daemon.submit(client, "running", steps: 300)
        usleep(50_000)
        let filler = try disk.fill()
        var refused: ServiceConnection.Failure?
        for number in 0..<200 where refused == nil {
            do {
                _ = try daemon.submit(client, "more-\(number)", steps: 1, ["priority": -1])
            } catch {
                refused = error as? ServiceConnection.Failure
            }
        }
        #expect(refused?.kind == "disk_full")
        #expect(refused?.availableBytes ?? 1 << 30 < 1 << 20)
        // It answers, and the job that runs waits with its end until that can be recorded.
        #expect(try client.call("system.info", [:])["version"] as? String != nil)
        usleep(800_000)
        #expect(try client.call("job.get", ["job": running])["state"] as? String == "running")
        try FileManager.default.removeItem(atPath: filler)
        try client.call("job.wait", ["jobs": [running], "timeout": 20])
        #expect(try client.call("job.get", ["job": running])["state"] as? String == "succeeded")
        let steps = try client.call("job.metrics", ["job": running])["metrics"] as? [Object]
        #expect((steps?.last?["fields"] as? Object)?["step"] as? Int == 300)
        let next = try daemon.submit(client, "next", steps: 5, ["priority": 5])
        try client.call("job.wait", ["jobs": [next], "timeout": 20])
        #expect(try client.call("job.get", ["job": next])["state"] as? String == "succeeded")
    }

    @Test func aFullOutputFailsTheJobAndRequeueGoesOn() throws {
        let daemon = try DaemonFixture()
        let path = daemon.path("small")
        guard let disk = SmallFileSystem(at: path, mebibytes: 1, test: "aFullOutputFailsTheJobAndRequeueGoesOn") else {
            return
        }
        let file = try SmallRun.write(to: daemon.folder, steps: 8, extra: ["save_steps: 1"])
        let finished = try daemon.tunectl("run", file, "output_dir=\(path)/out", "--json")
        #expect(finished.status == 1)
        let job = try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? Object
        let error = job?["error"] as? Object
        #expect(error?["kind"] as? String == "disk_full", "\(finished.output)")
        #expect((error?["needed_bytes"] as? Int ?? 0) > (error?["available_bytes"] as? Int ?? .max))
        let id = try #require(job?["id"] as? String)
        let last = (job?["checkpoint"] as? Object)?["step"] as? Int
        #expect(disk.resize(mebibytes: 64))
        #expect(try daemon.tunectl("requeue", id).status == 0)
        #expect(try daemon.tunectl("wait", id).status == 0)
        if let last {
            let log = try daemon.tunectl("logs", id).output
            #expect(log.contains("checkpoint-\(last)"))
        }
    }

    @Test func aFullPlaceForPreparedDataIsTold() throws {
        let daemon = try DaemonFixture()
        let path = daemon.path("small")
        guard let disk = SmallFileSystem(at: path, mebibytes: 1, test: "aFullPlaceForPreparedDataIsTold") else {
            return
        }
        let filler = try disk.fill()
        let file = try SmallRun.write(
            to: daemon.folder, steps: 2, extra: ["output_dir: out", "tokenized_path: \(path)/data"])
        let finished = try daemon.tunectl("run", file, "--json", directory: daemon.folder)
        let job = try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? Object)
        #expect((job["error"] as? Object)?["kind"] as? String == "disk_full", "\(finished.output)")
        try FileManager.default.removeItem(atPath: filler)
        let id = try #require(job["id"] as? String)
        #expect(try daemon.tunectl("requeue", id).status == 0)
        #expect(try daemon.tunectl("wait", id).status == 0)
        #expect(FileManager.default.fileExists(atPath: path + "/data/MANIFEST.json"))
    }
}
