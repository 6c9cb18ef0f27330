import Foundation
import ServiceTestSupport
import Testing

/// Exports whose worker dies, whose disk is full, whose folder cannot be used.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ExportRecoveryTests {
    private static let settings = [
        "model_name_or_path: \(Checkout.root.path)/examples/valley/base", "template: xverse", "infer_dtype: float32",
    ]

    private func write(_ daemon: DaemonFixture, _ target: String) throws -> String {
        let lines = Self.settings + ["export_dir: \(target)"]
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: daemon.path("export.yaml")))
        return daemon.path("export.yaml")
    }

    /// Every file of an export; the report, which names no time, too.
    private func contents(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Dictionary(
            uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0))) })
    }

    private static let unbroken: Result<[String: Data], any Error> = Result {
        let daemon = try DaemonFixture()
        let tests = ExportRecoveryTests()
        let done = try daemon.tunectl("export", try tests.write(daemon, "out"), directory: daemon.folder)
        #expect(done.status == 0, "\(done.errors)")
        return try tests.contents(daemon.path("out"))
    }

    /// Killed after each of its steps, an export goes on and gives the same files; before its end nothing is there that
    /// a loader takes for a model.
    @Test(arguments: ["write:1", "note:1", "write:4", "note:7", "move:1", "move:5", "move:8"])
    func deathInsideAnExport(point: String) throws {
        let unbroken = try Self.unbroken.get()
        let once = FileManager.default.temporaryDirectory.appendingPathComponent("once-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: once) }
        let daemon = try DaemonFixture(environment: ["FINETUNED_FAILPOINT": "export.\(point):\(once)"])
        let file = try write(daemon, "out")
        let submitted = try daemon.tunectl("submit", file, directory: daemon.folder)
        let id = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let deadline = Date().addingTimeInterval(60)
        while !FileManager.default.fileExists(atPath: once), Date() < deadline { usleep(1000) }
        #expect(FileManager.default.fileExists(atPath: once), "the point was never reached")
        #expect(try daemon.tunectl("wait", id).status == 0)
        #expect(try daemon.tunectl("show", id, "--json").output.contains("\"attempt\":2"))
        #expect(try contents(daemon.path("out")) == unbroken)
    }

    /// Killed at random, and looked at meanwhile: `config.json` is there only with everything else.
    @Test func aKilledExportLooksUnfinished() throws {
        let unbroken = try Self.unbroken.get()
        let daemon = try DaemonFixture()
        let submitted = try daemon.tunectl("submit", try write(daemon, "out"), directory: daemon.folder)
        let id = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let deadline = Date().addingTimeInterval(60)
        let partial = daemon.path("out") + "/.export"
        while !FileManager.default.fileExists(atPath: partial), Date() < deadline { usleep(500) }
        for worker in daemon.workers() { kill(worker, SIGKILL) }
        #expect(try daemon.tunectl("wait", id).status == 0)
        #expect(try contents(daemon.path("out")) == unbroken)
    }

    @Test func aFullDiskIsToldAndRequeueGoesOn() throws {
        let daemon = try DaemonFixture()
        let path = daemon.path("small")
        guard let disk = SmallFileSystem(at: path, mebibytes: 1, test: "aFullDiskIsToldAndRequeueGoesOn") else {
            return
        }
        let failed = try daemon.tunectl("export", try write(daemon, "\(path)/out"), "--json", directory: daemon.folder)
        #expect(failed.status == 1, "\(failed.errors)")
        let job = try JSONSerialization.jsonObject(with: Data(failed.output.utf8)) as? [String: Any]
        #expect((job?["error"] as? [String: Any])?["kind"] as? String == "disk_full", "\(failed.output)")
        #expect(disk.resize(mebibytes: 64))
        let id = try #require(job?["id"] as? String)
        #expect(try daemon.tunectl("requeue", id).status == 0)
        #expect(try daemon.tunectl("wait", id).status == 0)
        #expect(try contents("\(path)/out") == Self.unbroken.get())
    }

    /// A base that goes between submission and start, and folders that hold something else.
    @Test func wrongFoldersAreNamed() throws {
        let daemon = try DaemonFixture()
        let base = Checkout.root.path + "/examples/valley/base"
        let copy = daemon.path("copy")
        try FileManager.default.copyItem(atPath: base, toPath: copy)
        let file = try write(daemon, "out")
        func export(_ overrides: String...) throws -> (status: Int32, text: String) {
            let done = try run(
                Checkout.program("tunectl"), ["export", file] + overrides,
                environment: ["FINETUNED_SOCKET": daemon.socket], directory: daemon.folder)
            return (done.status, done.output + done.errors)
        }
        let own = try export("model_name_or_path=\(copy)", "export_dir=\(copy)")
        #expect(own.status == 1 && own.text.contains("is the folder that `model_name_or_path` is read from"))
        let other = try export("export_dir=\(copy)")
        #expect(other.status == 1 && other.text.contains("which no export has written"))
        let gone = try export("model_name_or_path=\(daemon.path("gone"))")
        #expect(gone.status == 1 && gone.text.contains("gone"))
        let unsaid = try export("export_dir=")
        #expect(unsaid.status == 78 && unsaid.text.contains("export_dir"))
    }
}
