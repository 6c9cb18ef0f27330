import Foundation
import ServiceTestSupport
import Testing

/// One call of the operating system fails, once: nothing crashes, nothing that was acknowledged is lost, and what failed
/// succeeds when it is tried again. A sample in each run; all calls with `FINETUNED_RECOVERY=all`.
@Suite(.serialized, .timeLimit(.minutes(60))) struct FailingCallTests {
    typealias Object = ServiceConnection.Object

    /// A call that fails: the function's name and which of its calls.
    private struct Fault: CustomStringConvertible {
        let call: String
        let number: Int

        /// What such a call fails with in real life.
        var code: Int32 {
            switch call {
            case "open", "accept", "socketpair": EMFILE
            case "write", "mkdir", "epoll_ctl": ENOSPC
            case "mmap", "malloc": ENOMEM
            case "spawn": EAGAIN
            default: EIO
            }
        }

        var description: String { "\(call) \(number) (\(String(cString: strerror(code))))" }

        func environment(_ library: String, once: String) -> [String: String] {
            [
                "LD_PRELOAD": library, "FAIL_CALL": call, "FAIL_NTH": "\(number)", "FAIL_ERRNO": "\(code)",
                "FAIL_ONCE": once,
            ]
        }
    }

    /// Those of the calls that are tried: all, or `sample` of them.
    private static func faults(_ counts: String, sample: Int) throws -> [Fault] {
        var most: [String: Int] = [:]
        for line in try String(contentsOfFile: counts, encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ")
            most[String(fields[0])] = max(most[String(fields[0])] ?? 0, Int(fields[1]) ?? 0)
        }
        let all = most.sorted { $0.key < $1.key }.flatMap { call, count in
            (0..<count).map { Fault(call: call, number: $0 + 1) }
        }
        #expect(all.count > sample)
        if ProcessInfo.processInfo.environment["FINETUNED_RECOVERY"] == "all" { return all }
        // Each function at least once, then whatever comes.
        let first = Dictionary(grouping: all.shuffled(), by: \.call).values.compactMap(\.first)
        return first + all.shuffled().prefix(max(0, sample - first.count))
    }

    private func temporary(_ name: String) -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)").path
    }

    /// Calls until there is a result; what comes before must be errors with a kind, or the end of the connection.
    private func call(_ daemon: DaemonFixture, _ method: String, _ parameters: Object, _ fault: Fault) throws -> Object
    {
        for _ in 0..<5 {
            do {
                return try ServiceConnection(daemon.socket, patience: 30).call(method, parameters)
            } catch let failure as ServiceConnection.Failure {
                #expect(!["", "internal"].contains(failure.kind), "\(fault): \(method): \(failure)")
            } catch is ServiceConnection.Closed {
                #expect(daemon.isRunning, "\(fault): the daemon ended during \(method)")
                if !daemon.isRunning { break }
            }
        }
        Issue.record("\(fault): \(method) had no result")
        throw ServiceConnection.Closed()
    }

    @Test func inTheDaemon() throws {
        guard let library = PreloadedLibrary.failNthCall else {
            print("inTheDaemon: left out, there is no C compiler")
            return
        }
        let counts = temporary("counts")
        do {
            let daemon = try DaemonFixture.scripted(environment: ["LD_PRELOAD": library, "FAIL_COUNTS": counts])
            try story(daemon, Fault(call: "none", number: 0))
            _ = try daemon.connection().call("system.shutdown", [:])
            daemon.waitUntilExit()
        }
        for fault in try Self.faults(counts, sample: 60) {
            let once = temporary("once")
            defer { try? FileManager.default.removeItem(atPath: once) }
            let environment = fault.environment(library, once: once)
            let daemon: DaemonFixture
            do {
                daemon = try DaemonFixture.scripted(environment: environment)
            } catch let refusal as DaemonFixture.NotReady {
                #expect(refusal.said.contains("finetuned: "), "\(fault): \(refusal.said)")
                #expect(!refusal.said.contains("Fatal"), "\(fault): \(refusal.said)")
                daemon = try DaemonFixture.scripted(environment: environment)
            }
            do { try story(daemon, fault) } catch { Issue.record("\(fault): \(error)") }
        }
    }

    /// What a user does, told of the job at its end.
    private func story(_ daemon: DaemonFixture, _ fault: Fault) throws {
        let process = daemon.daemon
        let first = try call(
            daemon, "job.submit", daemon.submission("out", steps: 30, ["client_token": "first"]), fault)
        let id = try #require(first["id"] as? String)
        _ = try call(daemon, "job.wait", ["jobs": [id], "timeout": 30], fault)
        var job = try call(daemon, "job.get", ["job": id], fault)
        if job["state"] as? String == "failed" {
            let kind = (job["error"] as? Object)?["kind"] as? String
            #expect(kind != nil && kind != "internal", "\(fault): \(job)")
            _ = try call(daemon, "job.requeue", ["job": id], fault)
            _ = try call(daemon, "job.wait", ["jobs": [id], "timeout": 30], fault)
            job = try call(daemon, "job.get", ["job": id], fault)
        }
        #expect(job["state"] as? String == "succeeded", "\(fault): \(job)")
        let metrics = try call(daemon, "job.metrics", ["job": id], fault)["metrics"] as? [Object] ?? []
        let steps = metrics.compactMap { ($0["fields"] as? Object)?["step"] as? Int }
        #expect(Set(steps) == Set(1...30), "\(fault): \(steps)")
        #expect((try call(daemon, "job.list", [:], fault)["jobs"] as? [Object])?.count == 1, "\(fault)")
        #expect(daemon.isRunning && daemon.daemon == process, "\(fault)")
        // Descriptors go when their last event was handled.
        for _ in 0..<100 where daemon.openDescriptors > 16 { usleep(20_000) }
        #expect(daemon.openDescriptors <= 16, "\(fault): \(daemon.openDescriptors) descriptors")
    }

    @Test func inTheWorker() throws {
        guard let library = PreloadedLibrary.failNthCall else {
            print("inTheWorker: left out, there is no C compiler")
            return
        }
        let unbroken = try DaemonFixture()
        let file = try Self.shortRun(in: unbroken)
        #expect(try unbroken.tunectl("run", file, directory: unbroken.folder).status == 0)
        let essence = try SmallRun.essence(of: unbroken.path("out"))
        let counts = try countsOfAWorker(library)
        for fault in try Self.faults(counts, sample: 40) {
            let once = temporary("once")
            defer { try? FileManager.default.removeItem(atPath: once) }
            let daemon = try daemon(workersWith: fault.environment(library, once: once))
            let finished = try daemon.tunectl("run", file, "--json", directory: daemon.folder)
            guard let job = try? JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? Object else {
                Issue.record("\(fault): exit \(finished.status): \(finished.output)\(finished.errors)")
                continue
            }
            if job["state"] as? String == "failed", let id = job["id"] as? String {
                let kind = (job["error"] as? Object)?["kind"] as? String
                #expect(kind != nil && kind != "internal", "\(fault): \(finished.output)")
                #expect(try daemon.tunectl("requeue", id).status == 0)
                let again = try daemon.tunectl("wait", id, "--json")
                #expect(again.status == 0, "\(fault): \(again.output)\(again.errors)")
            } else {
                #expect(finished.status == 0, "\(fault): \(finished.output)\(finished.errors)")
            }
            let result = try? SmallRun.essence(of: daemon.path("out"))
            #expect(result?.weights == essence.weights && result?.records == essence.records, "\(fault)")
            let names = try FileManager.default.contentsOfDirectory(atPath: daemon.path("out"))
            #expect(names.allSatisfy { !$0.contains(".tmp-") }, "\(fault): \(names)")
        }
    }

    /// What the device or the file system says while a checkpoint is written is what the user is told; the job goes on
    /// from its last checkpoint when it is asked to.
    @Test(
        arguments: [
            ("fsync", EIO, "io"), ("write", EDQUOT, "disk_full"), ("write", ENOSPC, "disk_full"), ("write", EIO, "io"),
            ("mkdir", EROFS, "permission"), ("rename", EIO, "io"),
        ])
    func anErrorKeepsItsKind(call: String, code: Int32, kind: String) throws {
        guard let library = PreloadedLibrary.failNthCall else {
            print("anErrorKeepsItsKind: left out, there is no C compiler")
            return
        }
        let counts = try String(contentsOfFile: countsOfAWorker(library), encoding: .utf8).split(separator: "\n")
        let most = counts.compactMap { $0.hasPrefix(call + " ") ? Int($0.dropFirst(call.count + 1)) : nil }.max() ?? 0
        let once = temporary("once")
        defer { try? FileManager.default.removeItem(atPath: once) }
        // Near the end, so that there is a checkpoint; a worker that plans comes nowhere near.
        let daemon = try daemon(workersWith: [
            "LD_PRELOAD": library, "FAIL_CALL": call, "FAIL_NTH": "\(most - most / 10)", "FAIL_ERRNO": "\(code)",
            "FAIL_ONCE": once,
        ])
        let file = try Self.shortRun(in: daemon)
        let finished = try daemon.tunectl("run", file, "--json", directory: daemon.folder)
        let job = try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? Object)
        #expect(finished.status == 1 && (job["error"] as? Object)?["kind"] as? String == kind, "\(finished.output)")
        let id = try #require(job["id"] as? String)
        #expect(try daemon.tunectl("requeue", id).status == 0)
        #expect(try daemon.tunectl("wait", id).status == 0)
    }

    // MARK: Real workers

    private static func shortRun(in daemon: DaemonFixture) throws -> String {
        let extra = ["output_dir: out", "save_steps: 2", "save_total_limit: 1", "seed: 3"]
        return try SmallRun.write(to: daemon.folder, steps: 4, extra: extra)
    }

    /// A daemon whose workers are started with these variables.
    private func daemon(workersWith variables: [String: String]) throws -> DaemonFixture {
        let script = temporary("worker")
        let words = variables.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        try "#!/bin/sh\n\(words) exec '\(Checkout.program("finetuned-worker").path)' \"$@\"\n"
            .write(toFile: script, atomically: true, encoding: .utf8)
        chmod(script, 0o755)
        return try DaemonFixture(environment: ["FINETUNED_WORKER": script])
    }

    /// The file with the calls that the workers of a short run make.
    private func countsOfAWorker(_ library: String) throws -> String {
        let counts = temporary("counts")
        let daemon = try daemon(workersWith: ["LD_PRELOAD": library, "FAIL_COUNTS": counts])
        #expect(try daemon.tunectl("run", Self.shortRun(in: daemon), directory: daemon.folder).status == 0)
        return counts
    }
}
