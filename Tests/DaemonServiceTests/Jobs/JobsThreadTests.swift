import Foundation
import ServiceTestSupport
import Testing

/// What the jobs' thread does while the disk keeps it waiting, and what others notice of it.
@Suite(.serialized, .timeLimit(.minutes(2))) struct JobsThreadTests {
    typealias Object = ServiceConnection.Object

    /// A daemon whose commits wait while a gate is shut.
    private struct Gated {
        let daemon: DaemonFixture
        private let gate: String

        /// Nil, with a line about it, where there is no C compiler.
        init?(_ environment: [String: String] = [:], test: String = #function) throws {
            guard let library = PreloadedLibrary.holdSync else {
                print("\(test): left out, there is no C compiler")
                return nil
            }
            let folder = DaemonFixture.newFolder()
            gate = folder.appendingPathComponent("gate").path
            let variables = ["LD_PRELOAD": library, "SYNC_GATE": gate].merging(environment) { $1 }
            daemon = try DaemonFixture.scripted(environment: variables, folder: folder)
        }

        func shut() { _ = FileManager.default.createFile(atPath: gate, contents: nil) }

        func open() {
            try? FileManager.default.removeItem(atPath: gate + ".reached")
            try? FileManager.default.removeItem(atPath: gate)
        }

        /// Waits until a commit does.
        func waitUntilReached() {
            for _ in 0..<2000 {
                if FileManager.default.fileExists(atPath: gate + ".reached") { return }
                usleep(5000)
            }
            Issue.record("no commit has reached the disk")
        }

        /// Returns when the daemon has received what was sent to it before, on whatever connection.
        func waitUntilReceived() throws { try ServiceConnection(daemon.socket, patience: 20).call("model.list", [:]) }

        func submission(_ output: String) -> Object { daemon.submission(output, steps: 1) }

        /// Sends a submission whose commit waits behind the gate.
        func submitBehindGate(_ output: String) throws -> ServiceConnection {
            shut()
            let connection = try daemon.connection()
            try connection.send("job.submit", submission(output))
            waitUntilReached()
            return connection
        }
    }

    /// The next answer of a connection, notifications passed over.
    private func answer(_ connection: ServiceConnection) throws -> Object {
        while true {
            let message = try connection.receive()
            if message["method"] == nil { return message }
        }
    }

    private func job(_ answer: Object) -> String? { (answer["result"] as? Object)?["id"] as? String }

    private func outputs(_ daemon: DaemonFixture) throws -> Set<String> {
        let jobs = try daemon.connection().call("job.list", [:])["jobs"] as? [Object] ?? []
        return Set(jobs.compactMap { $0["output_dir"] as? String })
    }

    @Test func aCommitHoldsUpNobodyWhoDoesNotNeedIt() throws {
        guard let gated = try Gated() else { return }
        defer { gated.open() }
        let submitting = try gated.submitBehindGate("out")
        let other = try ServiceConnection(gated.daemon.socket, patience: 20)
        #expect(try (other.call("model.list", [:])["models"] as? [Any])?.isEmpty == true)
        #expect(try other.call("rpc.discover", [:])["openrpc"] != nil)
        #expect(try other.call("config.validate", gated.submission("x").filter { $0.key == "config" })["values"] != nil)
        // A model's worker is started and answers.
        let model = gated.daemon.path("way-fails")
        try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
        do {
            try other.call("tokenize", ["model": model, "text": "x"])
            Issue.record("the worker was to fail")
        } catch let failure as ServiceConnection.Failure {
            #expect(failure.kind == "bad_data")
        }
        // Who asks about jobs gets what is on the disk, and gets it after that.
        let asking = try gated.daemon.connection()
        try asking.send("job.list", [:])
        try gated.waitUntilReceived()
        gated.open()
        #expect(try job(answer(submitting)) == "1")
        let listed = try (answer(asking)["result"] as? Object)?["jobs"] as? [Object]
        #expect(listed?.map { $0["id"] as? String } == ["1"])
    }

    @Test func requestsAboutJobsAreAnsweredInTheirOrder() throws {
        guard let gated = try Gated() else { return }
        defer { gated.open() }
        let connection = try gated.submitBehindGate("out")
        for _ in 0..<40 { try connection.send("job.get", ["job": "1"]) }
        try gated.waitUntilReceived()
        gated.open()
        #expect(try (0...40).map { _ in try answer(connection)["id"] as? Int } == Array(1...41))
    }

    @Test func aRunningJobsEventsComeInTheirOrder() throws {
        let daemon = try DaemonFixture.scripted()
        let submitting = try daemon.connection()
        // Many more than are on their way between the threads, to one that reads and to one that does not yet.
        let job = try daemon.submit(submitting, "out", steps: 1000)
        let late = try daemon.connection()
        try late.send("job.watch", ["job": job, "since": 0])
        for watching in [try daemon.connection(), late] {
            if watching !== late { try watching.send("job.watch", ["job": job, "since": 0]) }
            var numbers: [Int] = []
            var message = try watching.receive()
            while message["method"] != nil {
                let event = message["params"] as? Object
                if message["method"] as? String == "job.event" { numbers.append(event?["seq"] as? Int ?? -1) }
                message = try watching.receive()
            }
            #expect(numbers == Array(1...max(1000, numbers.count)))
            #expect((message["result"] as? Object)?["state"] as? String == "succeeded")
        }
    }

    /// However much is on its way to them, the connection is not cut off.
    @Test func manyWatchersOfOneConnectionThatReadsLate() throws {
        let daemon = try DaemonFixture.scripted()
        let job = try daemon.submit(daemon.connection(), "out", steps: 600)
        let watching = try daemon.connection()
        for _ in 0..<60 { try watching.send("job.watch", ["job": job, "since": 0]) }
        try daemon.connection().call("job.wait", ["jobs": [job], "timeout": 60])
        var numbers: [Int: [Int]] = [:]
        var answered = 0
        while answered < 60 {
            let message = try watching.receive()
            let event = message["params"] as? Object
            if message["method"] == nil {
                #expect(message["result"] != nil)
                answered += 1
            } else if message["method"] as? String == "job.event" {
                numbers[event?["request"] as? Int ?? 0, default: []].append(event?["seq"] as? Int ?? -1)
            }
        }
        #expect(numbers.count == 60)
        for list in numbers.values { #expect(list == Array(1...max(600, list.count))) }
    }

    @Test func clientsThatLeaveWhileTheirRequestsAreInTransit() throws {
        guard let gated = try Gated() else { return }
        defer { gated.open() }
        let daemon = gated.daemon
        let first = try gated.submitBehindGate("out-1")
        let cancelling = try daemon.connection()
        try gated.waitUntilReceived()
        let before = daemon.openDescriptors
        let requests: [(String, Object)] = [
            ("job.submit", gated.submission("out-2")), ("job.watch", ["job": "1"]),
            ("job.wait", ["jobs": ["1"], "timeout": 3600]), ("job.get", ["job": "1"]), ("job.checkpoint", ["job": "1"]),
        ]
        for (method, parameters) in requests {
            let leaving = try daemon.connection()
            let number = try leaving.send(method, parameters)
            // Most take their request back first.
            if method != "job.submit" { try leaving.notify("$/cancelRequest", ["id": number]) }
            leaving.close()
        }
        let number = try cancelling.send("job.wait", ["jobs": ["1"]])
        try cancelling.notify("$/cancelRequest", ["id": number])
        try gated.waitUntilReceived()
        gated.open()
        #expect(try job(answer(first)) == "1")
        let cancelled = try answer(cancelling)
        let error = (cancelled["error"] as? Object)?["data"] as? Object
        #expect(error?["kind"] as? String == "cancelled", "\(cancelled)")
        // What was asked for is done, also for one who has left.
        #expect(try outputs(daemon) == ["out-1", "out-2"])
        try daemon.connection().call("job.wait", ["jobs": ["1", "2"], "timeout": 60])
        for _ in 0..<500 where daemon.openDescriptors > before || !daemon.workers().isEmpty { usleep(20_000) }
        #expect(daemon.openDescriptors <= before && daemon.workers().isEmpty)
    }

    @Test func aDaemonThatIsStoppedAnswersWhatItHasDone() throws {
        guard let gated = try Gated() else { return }
        defer { gated.open() }
        let daemon = gated.daemon
        let first = try gated.submitBehindGate("out-1")
        let second = try daemon.connection()
        try second.send("job.submit", gated.submission("out-2"))
        let waiting = try daemon.connection()
        try waiting.send("job.wait", ["jobs": ["1"]])
        let late = try daemon.connection()
        try late.call("model.list", [:])
        try gated.waitUntilReceived()
        daemon.signal(SIGTERM)
        // Nobody is let in any more, and the others are served to the end.
        #expect(daemon.waitForLog("the service is stopping"))
        try late.send("job.submit", gated.submission("out-3"))
        try late.call("model.list", [:])
        #expect(daemon.isRunning)
        gated.open()
        daemon.waitUntilExit()
        #expect(try job(answer(first)) == "1")
        #expect(try job(answer(second)) == "2")
        #expect(throws: ServiceConnection.Closed.self) { try self.answer(waiting) }
        // Done and answered, or neither.
        let third = try? answer(late)
        try daemon.start()
        let kept = try outputs(daemon)
        #expect(kept.isSuperset(of: ["out-1", "out-2"]))
        #expect(kept.contains("out-3") == (third?["result"] != nil), "\(kept) \(third ?? [:])")
        try daemon.connection().call("job.wait", ["jobs": ["1", "2"], "timeout": 60])
    }

    /// The watchdog is told which parts hang, and fed again when they have moved.
    @Test func aDiskThatHangsFeedsNoWatchdog() throws {
        let folder = DaemonFixture.newFolder()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let heard = try NotifySocket(path: folder.appendingPathComponent("notify").path)
        guard let gated = try Gated(["NOTIFY_SOCKET": heard.path, "WATCHDOG_USEC": "400000"]) else { return }
        defer { gated.open() }
        #expect(heard.wait(seconds: 10) { $0.contains("WATCHDOG=1") })
        let submitting = try gated.submitBehindGate("out")
        #expect(gated.daemon.waitForLog("scheduler, store"))
        heard.wait(seconds: 0.1)  // What was sent before.
        let hung = Date()
        heard.wait(seconds: 1)
        #expect(heard.count("WATCHDOG=1", after: hung) == 0)
        gated.open()
        #expect(heard.wait(seconds: 20) { $0.count("WATCHDOG=1", after: hung) > 1 })
        #expect(try job(answer(submitting)) == "1")
    }
}
