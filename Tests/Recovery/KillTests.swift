import Foundation
import ServiceTestSupport
import Testing

/// Runs that are killed end byte-identical to one that is not.
@Suite(.serialized, .timeLimit(.minutes(10))) struct KillTests {
    static let extra = ["save_steps: 4", "lora_dropout: 0.1", "seed: 11"]
    static let steps = 40

    /// The run without interruption, made once.
    static let unbroken: Result<(weights: Data, records: [String]), any Error> = Result {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: steps, extra: extra + ["output_dir: out"])
        let finished = try daemon.tunectl("run", file, directory: daemon.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        return try SmallRun.essence(of: daemon.path("out"))
    }

    private func submit(_ daemon: DaemonFixture) throws -> String {
        let file = try SmallRun.write(to: daemon.folder, steps: Self.steps, extra: Self.extra + ["output_dir: out"])
        let submitted = try daemon.tunectl("submit", file, directory: daemon.folder)
        #expect(submitted.status == 0, "\(submitted.errors)")
        return submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits until the newest checkpoint is at least the one of `step`.
    private func waitForCheckpoint(_ step: Int, in output: String) throws {
        let deadline = Date().addingTimeInterval(120)
        while Date() < deadline {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
            if names.contains(where: { $0.hasPrefix("checkpoint-") && (Int($0.dropFirst(11)) ?? 0) >= step }) { return }
            usleep(2000)
        }
        Issue.record("no checkpoint of step \(step) within 120 s")
    }

    private func compare(_ daemon: DaemonFixture) throws {
        let expected = try Self.unbroken.get()
        let got = try SmallRun.essence(of: daemon.path("out"))
        #expect(got.records == expected.records)
        #expect(got.weights == expected.weights)
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.path("out"))
        #expect(!names.contains { $0.contains(".tmp-") })
    }

    @Test(arguments: [0, 4, 8, 16, 28])
    func aKilledWorkerIsReplacedAndGoesOn(after step: Int) throws {
        let daemon = try DaemonFixture()
        let job = try submit(daemon)
        if step > 0 { try waitForCheckpoint(step, in: daemon.path("out")) }
        usleep(UInt32.random(in: 0..<60_000))
        for worker in daemon.workers() { kill(worker, SIGKILL) }
        let watched = try daemon.tunectl("watch", job)
        #expect(watched.status == 0, "\(watched.errors)")
        try compare(daemon)
        if step > 0 {
            let log = try daemon.tunectl("show", job, "--json")
            #expect(log.output.contains("\"attempt\""))
        }
    }

    @Test(arguments: [4, 12, 24])
    func aKilledDaemonGoesOnAtItsNextStart(after step: Int) throws {
        let daemon = try DaemonFixture()
        let job = try submit(daemon)
        try waitForCheckpoint(step, in: daemon.path("out"))
        usleep(UInt32.random(in: 0..<60_000))
        daemon.stop(SIGKILL)
        try daemon.start()
        let watched = try daemon.tunectl("watch", job)
        #expect(watched.status == 0, "\(watched.errors)")
        try compare(daemon)
    }

    @Test func aStoppedDaemonKeepsACheckpointAndGoesOn() throws {
        let daemon = try DaemonFixture()
        let job = try submit(daemon)
        try waitForCheckpoint(4, in: daemon.path("out"))
        daemon.stop(SIGTERM)
        try daemon.start()
        let watched = try daemon.tunectl("watch", job)
        #expect(watched.status == 0, "\(watched.errors)")
        let expected = try Self.unbroken.get()
        #expect(try SmallRun.essence(of: daemon.path("out")).records == expected.records)
    }

    @Test func aCancelledJobKeepsACheckpoint() throws {
        let daemon = try DaemonFixture()
        let job = try submit(daemon)
        try waitForCheckpoint(4, in: daemon.path("out"))
        #expect(try daemon.tunectl("cancel", job).status == 0)
        #expect(try daemon.tunectl("watch", job).status == 3)
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.path("out"))
        #expect(names.contains { $0.hasPrefix("checkpoint-") })
    }
}
