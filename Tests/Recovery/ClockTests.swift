import Foundation
import ServiceTestSupport
import Testing

/// The clock of the day jumps; nothing that lasts, waits or expires follows it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ClockTests {
    typealias Object = ServiceConnection.Object

    @Test(arguments: ["a day ahead", "a day back", "1970"])
    func jumpsOfTheClockChangeNothing(jump: String) throws {
        guard let library = PreloadedLibrary.moveClock else {
            print("jumpsOfTheClockChangeNothing: left out, there is no C compiler")
            return
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("offset-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let seconds = jump == "1970" ? -Int(Date().timeIntervalSince1970) : jump == "a day back" ? -86400 : 86400
        let daemon = try DaemonFixture.scripted(
            limits: ["running_jobs": 2, "worker_threads": 1],
            environment: ["LD_PRELOAD": library, "CLOCK_OFFSET": file.path])
        let client = try daemon.connection()
        let running = try daemon.submit(client, "running", steps: 3000)
        for _ in 0..<500 where try step(client, running) == 0 { usleep(10_000) }
        // It dies after half of its steps, and is tried again after a pause, four times.
        let crashing = try daemon.submit(client, "crashing", model: "crash", steps: 40)
        for _ in 0..<500 where (try client.call("job.get", ["job": crashing])["attempt"] as? Int ?? 0) < 2 {
            usleep(5_000)
        }
        let start = DispatchTime.now().uptimeNanoseconds
        try "\(seconds)".write(to: file, atomically: true, encoding: .utf8)
        let later = try daemon.submit(client, "later", steps: 5)
        let day = (try client.call("job.get", ["job": later])["submitted_at"] as? String ?? "").prefix(10)
        let expected = Date().addingTimeInterval(Double(seconds)).formatted(.iso8601.year().month().day())
        #expect(day == expected, "the clock did not jump")
        let job = try client.call("job.get", ["job": running])
        let remaining = (job["progress"] as? Object)?["remaining"] as? Double ?? -1
        #expect((0...30).contains(remaining), "\(remaining)")
        try client.call("job.wait", ["jobs": [running, crashing, later], "timeout": 60])
        #expect(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 < 30)
        #expect(try state(client, running) == "succeeded" && state(client, later) == "succeeded")
        #expect(try state(client, crashing) == "failed")
        // Nothing was forgotten as too old, and a timeout takes its time.
        #expect((try client.call("job.list", [:])["jobs"] as? [Object])?.count == 3)
        let long = try daemon.submit(client, "long", steps: 100_000)
        let before = DispatchTime.now().uptimeNanoseconds
        #expect(throws: ServiceConnection.Failure.self) {
            try client.call("job.wait", ["jobs": [long], "timeout": 1])
        }
        #expect((0.9..<10).contains(Double(DispatchTime.now().uptimeNanoseconds - before) / 1e9))
        try client.call("job.cancel", ["job": long])
    }

    private func step(_ client: ServiceConnection, _ id: String) throws -> Int {
        (try client.call("job.get", ["job": id])["progress"] as? Object)?["step"] as? Int ?? 0
    }

    private func state(_ client: ServiceConnection, _ id: String) throws -> String {
        try client.call("job.get", ["job": id])["state"] as? String ?? "?"
    }
}
