import Foundation
import ServiceTestSupport
import Testing

/// Every kind of request that starts a worker ends in every way it can; afterwards the daemon has no process, no
/// descriptor and no more memory than before.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LeftoverTests {
    typealias Object = ServiceConnection.Object

    /// A request whose worker goes wrong in a way, see `Misbehaviour` of the scripted worker.
    private struct Case: CustomStringConvertible {
        let method: String
        let parameters: Object
        let way: String
        var description: String { "\(method) that \(way)" }
    }

    private static let ways = ["fails", "dies", "hangs", "waits", "deaf", "lingers"]

    /// Requests that a worker of their own answers.
    private func requestsWithAWorkerOfTheirOwn(_ daemon: DaemonFixture, _ way: String) -> [Case] {
        var parameters = daemon.submission("unused", model: "way-\(way)")
        let plan = Case(method: "config.plan", parameters: parameters, way: way)
        parameters["format"] = "none"
        return [plan, Case(method: "dataset.preview", parameters: parameters, way: way)]
    }

    private func requestsToModels(_ daemon: DaemonFixture, _ way: String) throws -> [Case] {
        let folder = daemon.path("way-\(way)")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let requests: [(String, Object)] = [
            ("model.load", [:]), ("generate", ["prompt": "x"]),
            ("chat", ["messages": [["role": "user", "content": "x"]]]),
            ("tokenize", ["text": "x"]), ("detokenize", ["ids": [1]]), ("logprobs", ["ids": [1, 2]]),
            ("adapter.load", ["adapter": folder]),
        ]
        return requests.map { Case(method: $0, parameters: ["model": folder].merging($1) { $1 }, way: way) }
    }

    private func kind(_ daemon: DaemonFixture, _ request: Case) throws -> String {
        do {
            return
                "succeeded: \(try ServiceConnection(daemon.socket, patience: 60).call(request.method, request.parameters))"
        } catch let failure as ServiceConnection.Failure {
            return failure.kind
        } catch is ServiceConnection.Closed {
            return "not answered"
        }
    }

    /// Sends a request that would not be answered, and goes away or takes it back once its worker runs.
    private func giveUp(_ daemon: DaemonFixture, _ request: Case, cancelling: Bool) throws {
        let connection = try ServiceConnection(daemon.socket, patience: 60)
        let number = try connection.send(request.method, request.parameters)
        wait(until: "a worker runs for \(request)") { !daemon.workers().isEmpty }
        if !cancelling { return connection.close() }
        try connection.notify("$/cancelRequest", ["id": number])
        var answer: Object = [:]
        while answer["id"] as? Int != number { answer = try connection.receive() }
        let kind = ((answer["error"] as? Object)?["data"] as? Object)?["kind"] as? String
        #expect(kind == "cancelled", "\(request): \(answer)")
    }

    /// Workers take a while to end; the bound is far above that.
    private func wait(until what: String, _ condition: () -> Bool) {
        for _ in 0..<6000 {
            if condition() { return }
            usleep(5000)
        }
        Issue.record("never: \(what)")
    }

    private func everything(_ daemon: DaemonFixture) throws {
        for way in Self.ways {
            for request in requestsWithAWorkerOfTheirOwn(daemon, way) {
                if way == "hangs" || way == "waits" {
                    try giveUp(daemon, request, cancelling: true)
                    try giveUp(daemon, request, cancelling: false)
                } else {
                    let expected = way == "dies" || way == "deaf" ? "worker_crashed" : "bad_data"
                    #expect(try kind(daemon, request) == expected, "\(request)")
                }
                wait(until: "no worker is left of \(request)") { daemon.workers().isEmpty }
            }
            // A model that hangs is in use; how long a real one may take nobody knows.
            let toModels = way == "hangs" ? [] : try requestsToModels(daemon, way)
            for request in way == "deaf" ? toModels.prefix(1) : toModels[...] {
                if way == "waits" {
                    try giveUp(daemon, request, cancelling: true)
                    try giveUp(daemon, request, cancelling: false)
                } else {
                    let expected = way == "dies" || way == "deaf" ? "worker_crashed" : "bad_data"
                    #expect(try kind(daemon, request) == expected, "\(request)")
                }
                wait(until: "no worker is left of \(request)") { daemon.workers().isEmpty }
            }
        }
        try refusals(daemon)
        try jobs(daemon)
    }

    /// What the daemon itself refuses starts nothing.
    private func refusals(_ daemon: DaemonFixture) throws {
        let connection = try daemon.connection()
        let methods = try connection.call("rpc.discover", [:])["methods"] as? [Object] ?? []
        #expect(methods.count > 30)
        for method in methods.compactMap({ $0["name"] as? String }) where method != "system.shutdown" {
            for parameters in [[:], ["no such": 1], ["model": "/none", "job": "none", "config": [:] as Object]]
                as [Object]
            {
                _ = try? connection.call(method, parameters)
            }
        }
        #expect(daemon.workers().isEmpty)
    }

    private func jobs(_ daemon: DaemonFixture) throws {
        let connection = try daemon.connection()
        for way in ["fails", "dies", "deaf", "lingers"] {
            let id = try daemon.submit(connection, "job", model: "way-\(way)")
            wait(until: "job \(id) that \(way) has tried") {
                let job = try? connection.call("job.get", ["job": id])
                return job?["state"] as? String == "failed" || (job?["queue"] as? Object)?["reason"] != nil
            }
            _ = try? connection.call("job.cancel", ["job": id])
            wait(until: "job \(id) that \(way) has ended") {
                ["failed", "cancelled"].contains((try? connection.call("job.get", ["job": id]))?["state"] as? String)
            }
            wait(until: "no worker is left of job \(id) that \(way)") { daemon.workers().isEmpty }
            try connection.call("job.remove", ["job": id, "purge": true])
        }
    }

    @Test func nothingIsLeftOfRequestsThatFail() throws {
        let daemon = try DaemonFixture.scripted()
        // Once for what is kept on purpose: statements, caches, the allocator's own.
        try everything(daemon)
        let (descriptors, memory) = (daemon.openDescriptors, daemon.memory("VmRSS"))
        try everything(daemon)
        // The daemon learns of a connection's end a moment later.
        wait(until: "there are \(descriptors) descriptors") { daemon.openDescriptors <= descriptors }
        #expect(daemon.workers().isEmpty)
        #expect(daemon.memory("VmRSS") < memory + (4 << 20))
        #expect((try daemon.connection().call("model.list", [:])["models"] as? [Object])?.isEmpty == true)
    }

    @Test func nothingIsLeftWhereNoWorkerStarts() throws {
        let daemon = try DaemonFixture(environment: ["FINETUNED_WORKER": "/none/finetuned-worker"])
        func all() throws {
            for request in requestsWithAWorkerOfTheirOwn(daemon, "fails") + (try requestsToModels(daemon, "fails")) {
                #expect(try kind(daemon, request) == "not_found", "\(request)")
            }
        }
        try all()
        let descriptors = daemon.openDescriptors
        for _ in 0..<5 { try all() }
        wait(until: "there are \(descriptors) descriptors") { daemon.openDescriptors <= descriptors }
        #expect(daemon.workers().isEmpty)
    }

    @Test func noWorkerOutlivesTheDaemon() throws {
        let daemon = try DaemonFixture.scripted()
        var connections: [ServiceConnection] = []
        for request in requestsWithAWorkerOfTheirOwn(daemon, "hangs")
            + (try requestsToModels(daemon, "hangs").prefix(1))
        {
            connections.append(try daemon.connection())
            try connections.last?.send(request.method, request.parameters)
        }
        _ = try daemon.submit(daemon.connection(), "job", model: "way-hangs", steps: 10)
        wait(until: "four workers run") { daemon.workers().count == 4 }
        let workers = daemon.workers()
        daemon.stop(SIGKILL)
        wait(until: "they have ended") { !workers.contains(where: isRunning) }
    }

    /// Whoever inherits an orphan may take its time to reap it.
    private func isRunning(_ process: Int32) -> Bool {
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        return status.map { !$0.contains("State:\tZ") } ?? false
    }

    /// Real workers, whose failures are those of users.
    @Test func nothingIsLeftOfRealFailures() throws {
        let daemon = try DaemonFixture()
        let connection = try daemon.connection()
        let empty = daemon.path("empty")
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        var preview = daemon.submission("unused", model: empty)
        preview["format"] = "none"
        for (method, parameters) in [
            ("dataset.preview", preview), ("config.plan", daemon.submission("unused", model: empty)),
            ("model.load", ["model": empty]), ("tokenize", ["model": empty, "text": "x"]),
            ("generate", ["model": empty, "prompt": "x"]),
        ] {
            #expect(throws: ServiceConnection.Failure.self) { try connection.call(method, parameters) }
            wait(until: "no worker is left of \(method)") { daemon.workers().isEmpty }
        }
    }
}
