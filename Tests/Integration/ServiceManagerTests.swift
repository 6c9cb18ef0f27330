import CSQLite
import Foundation
import ServiceTestSupport
import Testing

/// What the daemon tells systemd, heard by a receiver of the test's own: these tests need no systemd.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ServiceManagerTests {
    /// A daemon whose messages are received.
    private struct Watched {
        let daemon: DaemonFixture
        let notifications: NotifySocket

        init(watchdogMicroseconds: Int? = nil, settings: String? = nil) throws {
            let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            notifications = try NotifySocket(path: folder.appendingPathComponent("notify").path)
            var environment = ["NOTIFY_SOCKET": notifications.path]
            environment["WATCHDOG_USEC"] = watchdogMicroseconds.map(String.init)
            var arguments: [String] = []
            if let settings {
                let file = folder.appendingPathComponent("finetuned.yaml")
                try Data(settings.utf8).write(to: file)
                arguments = ["--config", file.path]
            }
            daemon = try DaemonFixture(environment: environment, arguments: arguments, folder: folder)
        }
    }

    /// Whatever the umask is: a service under its own user shows its files to nobody.
    @Test func theServicesOwnFilesAreForItAlone() throws {
        let before = umask(0)
        defer { umask(before) }
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: 2, extra: ["output_dir: out"])
        #expect(try daemon.tunectl("run", file, directory: daemon.folder).status == 0)
        let base = Checkout.root.path + "/examples/valley/base"
        let prompt = "{\"prompt\": \"Ada\"}\n"
        #expect(
            try daemon.tunectl("generate", "--jsonl", "--model", base, "max_new_tokens=2", input: prompt).status == 0)
        let names = try FileManager.default.subpathsOfDirectory(atPath: daemon.state)
        #expect(names.contains("jobs.sqlite-wal") && names.contains("jobs/1/metrics.log"))
        for name in names + [""] {
            var status = stat()
            #expect(lstat(daemon.state + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o077 == 0, "\(name): \(String(status.st_mode & 0o777, radix: 8))")
        }
    }

    @Test func everyMessageComesInItsOrder() throws {
        let watched = try Watched(watchdogMicroseconds: 400_000)
        let heard = watched.notifications
        #expect(heard.wait(seconds: 10) { $0.contains("READY=1") })
        // Ready means that a client is served at once.
        #expect(try watched.daemon.tunectl("jobs", "--quiet", seconds: 5).status == 0)
        #expect(heard.wait(seconds: 10) { $0.contains("WATCHDOG=1") })
        watched.daemon.signal(SIGHUP)
        #expect(
            heard.wait(seconds: 10) { $0.contains("RELOADING=1") && $0.lines.filter { $0 == "READY=1" }.count == 2 })
        watched.daemon.stop(SIGTERM)
        #expect(heard.wait(seconds: 10) { $0.contains("STOPPING=1") && $0.lines.last?.hasPrefix("EXTEND") == true })
        let order = heard.lines.filter { !$0.hasPrefix("WATCHDOG=") && !$0.hasPrefix("MONOTONIC_USEC=") }
        #expect(
            order == [
                "STATUS=recovering the job store", "EXTEND_TIMEOUT_USEC=15000000", "READY=1",
                "STATUS=0 running, 0 queued, 0 models", "RELOADING=1", "READY=1",
                "STATUS=0 running, 0 queued, 0 models", "STOPPING=1", "STATUS=waiting for checkpoints",
                "EXTEND_TIMEOUT_USEC=15000000",
            ])
    }

    @Test func theStatusLineFollowsAJob() throws {
        let watched = try Watched()
        let file = try SmallRun.write(to: watched.daemon.folder, steps: 400, extra: ["output_dir: out"])
        let submitted = try watched.daemon.tunectl("submit", file, directory: watched.daemon.folder)
        let job = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let heard = watched.notifications
        let pattern = "STATUS=1 running (job \(job) step "
        #expect(heard.wait(seconds: 60) { $0.lines.contains { $0.hasPrefix(pattern) && $0.hasSuffix("0 models") } })
        #expect(heard.lines.contains { $0.hasPrefix(pattern) && $0.contains("/400), 0 queued") }, "\(heard.lines)")
        #expect(try watched.daemon.tunectl("cancel", job).status == 0)
        #expect(heard.wait(seconds: 30) { $0.lines.last == "STATUS=0 running, 0 queued, 0 models" }, "\(heard.lines)")
    }

    @Test func aStoppedDaemonFeedsNoWatchdog() throws {
        let watched = try Watched(watchdogMicroseconds: 400_000)
        let heard = watched.notifications
        #expect(heard.wait(seconds: 10) { $0.contains("WATCHDOG=1") })
        watched.daemon.signal(SIGSTOP)
        heard.wait(seconds: 0.3)  // What was under way.
        let stopped = Date()
        heard.wait(seconds: 1)
        #expect(heard.count("WATCHDOG=1", after: stopped) == 0)
        watched.daemon.signal(SIGCONT)
        #expect(heard.wait(seconds: 10) { $0.count("WATCHDOG=1", after: stopped) > 0 })
    }

    @Test func aWedgedStoreFeedsNoWatchdog() throws {
        let watched = try Watched(watchdogMicroseconds: 400_000)
        let heard = watched.notifications
        #expect(heard.wait(seconds: 10) { $0.contains("WATCHDOG=1") })
        var store: OpaquePointer?
        #expect(sqlite3_open(watched.daemon.state + "/jobs.sqlite", &store) == SQLITE_OK)
        defer { sqlite3_close(store) }
        sqlite3_busy_timeout(store, 5000)
        #expect(sqlite3_exec(store, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
        heard.wait(seconds: 0.6)  // An answer from before is told at the next beat.
        let wedged = Date()
        heard.wait(seconds: 3)
        #expect(heard.count("WATCHDOG=1", after: wedged) == 0)
        #expect(sqlite3_exec(store, "ROLLBACK", nil, nil, nil) == SQLITE_OK)
        #expect(heard.wait(seconds: 10) { $0.count("WATCHDOG=1", after: wedged) > 1 })
        #expect(watched.daemon.isRunning)
    }

    @Test func aReloadTakesTheNewSettingsOrKeepsTheOldOnes() throws {
        let watched = try Watched(settings: "limits:\n  resident_models: 7\n")
        let settings = watched.daemon.folder.appendingPathComponent("finetuned.yaml")
        func value() throws -> Int? {
            let info = try watched.daemon.tunectl("rpc", "system.info")
            let object = try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any]
            return (object?["limits"] as? [String: Any])?["resident_models"] as? Int
        }
        func reload(_ text: String) throws {
            let before = watched.notifications.lines.count { $0 == "READY=1" }
            try Data(text.utf8).write(to: settings)
            watched.daemon.signal(SIGHUP)
            #expect(watched.notifications.wait(seconds: 10) { $0.lines.count { $0 == "READY=1" } > before })
        }
        #expect(watched.notifications.wait(seconds: 10) { $0.contains("READY=1") })
        #expect(try value() == 7)
        try reload("limits:\n  resident_models: 9\n")
        #expect(try value() == 9)
        try reload("limits:\n  resident_modles: 3\n")
        #expect(try value() == 9)
        let doctor = try watched.daemon.tunectl("doctor")
        #expect(doctor.output.contains("limits.resident_models=9") && doctor.output.contains(settings.path))
        // A drop-in wins over the file.
        let folder = URL(fileURLWithPath: settings.path + ".d")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("limits: {resident_models: 11}\n".utf8).write(to: folder.appendingPathComponent("50-more.yaml"))
        try reload("limits:\n  resident_models: 2\n")
        #expect(try value() == 11)
    }

    @Test(arguments: [
        ("limits:\n  runing_jobs: 2\n", 78, "2:3: there is no setting `limits.runing_jobs` (did you mean", "22"),
        ("limits:\n  worker_memory: lots\n", 78, "`limits.worker_memory` takes a number of bytes", "22"),
        ("limits: [\n", 78, "finetuned.yaml", "22"),
    ])
    func badSettingsEndTheStart(text: String, status: Int32, said: String, code: String) throws {
        let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let heard = try NotifySocket(path: folder.appendingPathComponent("notify").path)
        let file = folder.appendingPathComponent("finetuned.yaml")
        try Data(text.utf8).write(to: file)
        let ended = try run(
            Checkout.program("finetuned"),
            ["--socket", folder.path + "/s", "--state-dir", folder.path + "/state", "--config", file.path],
            environment: ["NOTIFY_SOCKET": heard.path], seconds: 20)
        #expect(ended.status == status)
        #expect(ended.errors.contains(said), "\(ended.errors)")
        #expect(heard.wait(seconds: 1) { $0.contains("ERRNO=\(code)") })
        #expect(!heard.contains("READY=1"))
    }

    @Test func aSocketThatWasPassedIsServed() throws {
        let activate = URL(fileURLWithPath: "/usr/bin/systemd-socket-activate")
        guard FileManager.default.isExecutableFile(atPath: activate.path) else {
            print("aSocketThatWasPassedIsServed: left out, systemd-socket-activate is not installed")
            return
        }
        let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.path + "/activated"
        // Below a shell: systemd-socket-activate closes the descriptor by which Process knows that a child runs.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            "-c",
            """
            '\(activate.path)' --listen='\(socket)' --fdname=rpc '\(Checkout.program("finetuned").path)' \
                --socket '\(folder.path)/not-this-one' --state-dir '\(folder.path)/state' &
            echo $! > '\(folder.path)/pid'; wait
            """,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        func activated() -> Int32? {
            (try? String(contentsOfFile: folder.path + "/pid", encoding: .utf8)).flatMap {
                Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        defer {
            if let number = activated() { kill(number, SIGTERM) }
            process.waitUntilExit()
        }
        // The first connection starts the daemon; what was sent before it was ready is answered.
        let info = try run(
            Checkout.program("tunectl"), ["rpc", "system.info"], environment: ["FINETUNED_SOCKET": socket], seconds: 20)
        #expect(info.status == 0, "\(info.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any]
        #expect(object?["socket"] as? String == socket)
        #expect(object?["process"] as? Int == activated().map(Int.init))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/not-this-one"))
    }
}
