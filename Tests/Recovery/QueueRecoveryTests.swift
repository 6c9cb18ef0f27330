import Foundation
import ServiceTestSupport
import Synchronization
import Testing

/// The queue under load, with scripted workers: nothing that was acknowledged is lost, doubled or stuck.
@Suite(.serialized, .timeLimit(.minutes(10))) struct QueueRecoveryTests {
    typealias Object = ServiceConnection.Object

    private static let following: [String: Set<String>] = [
        "": ["queued", "waiting"], "queued": ["running", "paused", "cancelled"],
        "waiting": ["queued", "failed", "paused", "cancelled"],
        "running": ["queued", "paused", "succeeded", "failed", "cancelled"],
        "paused": ["queued", "waiting", "cancelled"], "failed": ["queued", "waiting"],
        "cancelled": ["queued", "waiting"], "succeeded": [],
    ]

    /// Reads a job's whole history: numbers without gap, states that may follow each other.
    private func checkHistory(_ daemon: DaemonFixture, _ id: String) throws -> [String] {
        let client = try daemon.connection()
        var numbers: [Int] = []
        var states: [String] = []
        client.onNotification = { name, event in
            guard name == "job.event" else { return }
            numbers.append(event["seq"] as? Int ?? -1)
            if event["kind"] as? String == "state" {
                states.append((event["fields"] as? Object)?["state"] as? String ?? "?")
            }
        }
        let final = try client.call("job.watch", ["job": id, "since": 0])
        #expect(numbers == Array(1...max(1, numbers.count)), "job \(id)")
        for (before, after) in zip([""] + states, states) {
            #expect(Self.following[before]?.contains(after) == true, "job \(id): \(before) -> \(after)")
        }
        #expect(states.last == final["state"] as? String)
        return states
    }

    /// What one client has been told.
    private struct Told {
        var jobs: [String: String] = [:]  // token -> id
        var cancelled: Set<String> = []
        var problems: [String] = []
    }

    @Test func theDaemonIsKilledUnderLoad() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 2])
        let told = Mutex<[Told]>([])
        let isOver = Mutex(false)
        let clients = DispatchGroup()
        let (socket, folder) = (daemon.socket, daemon.folder.path)
        for number in 0..<32 {
            let worker = Thread {
                let result = Self.client(number, socket, folder) { isOver.withLock { $0 } }
                told.withLock { $0.append(result) }
                clients.leave()
            }
            clients.enter()
            worker.start()
        }
        for _ in 0..<3 * TestRepetition.factor {
            usleep(UInt32.random(in: 300_000..<700_000))
            daemon.stop(SIGKILL)
            let started = Date()
            try daemon.start()
            #expect(Date().timeIntervalSince(started) < 2)
        }
        usleep(200_000)
        isOver.withLock { $0 = true }
        clients.wait()

        let all = told.withLock { $0 }
        #expect(all.flatMap(\.problems).isEmpty, "\(all.flatMap(\.problems).prefix(3))")
        let acknowledged = all.flatMap { $0.jobs.values }
        #expect(acknowledged.count > 32 && Set(acknowledged).count == acknowledged.count, "doubled or none")
        let client = try daemon.connection()
        try client.call("job.wait", ["jobs": acknowledged, "timeout": 120])
        let jobs = try #require(client.call("job.list", ["limit": 10_000])["jobs"] as? [Object])
        let states = Dictionary(
            uniqueKeysWithValues: jobs.map { ($0["id"] as? String ?? "", $0["state"] as? String ?? "") })
        // A submission whose answer was lost was repeated with its token until it was answered.
        #expect(Set(states.keys) == Set(acknowledged))
        for id in all.flatMap(\.cancelled) { #expect(["cancelled", "succeeded"].contains(states[id])) }
        for (id, state) in states where !["cancelled", "succeeded"].contains(state) {
            Issue.record("job \(id) is \(state)")
        }
        for id in acknowledged { _ = try checkHistory(daemon, id) }
    }

    /// Submits, cancels and watches until it is told to end; repeats what had no answer.
    private static func client(
        _ number: Int, _ socket: String, _ folder: String, isOver: () -> Bool
    ) -> Told {
        var told = Told()
        var pending: String?
        var count = 0
        while pending != nil || !isOver() {
            guard let connection = try? ServiceConnection(socket) else {
                usleep(10_000)
                continue
            }
            do {
                for _ in 0..<4 {
                    if pending == nil, count < 6, !isOver() {
                        count += 1
                        pending = "c\(number)-\(count)"
                    }
                    if let token = pending {
                        let config: Object = [
                            "object": [
                                "model_name_or_path": "quick", "stage": "sft", "do_train": true, "dataset": "none",
                                "template": "xverse", "finetuning_type": "lora", "output_dir": token,
                                "max_steps": Int.random(in: 1...8),
                            ] as Object
                        ]
                        let job = try connection.call(
                            "job.submit",
                            ["config": config, "working_directory": folder, "client_token": token])
                        told.jobs[token] = job["id"] as? String ?? "?"
                        pending = nil
                    }
                    if Int.random(in: 0..<3) == 0, let id = told.jobs.values.randomElement() {
                        _ = try connection.call("job.cancel", ["job": id])
                        told.cancelled.insert(id)
                    }
                    if Int.random(in: 0..<3) == 0, let id = told.jobs.values.randomElement() {
                        try connection.send("job.watch", ["job": id, "since": 0])
                        _ = try connection.receive()
                        break
                    }
                    usleep(UInt32.random(in: 0..<30_000))
                }
            } catch is ServiceConnection.Closed {
                continue
            } catch {
                told.problems.append("\(error)")
                return told
            }
        }
        return told
    }

    @Test func watchersThatComeAndGoMissNothing() throws {
        let daemon = try DaemonFixture.scripted()
        let client = try daemon.connection()
        let id = try daemon.submit(client, "out", steps: 600)
        let seen = Mutex<[[Int]]>([])
        let socket = daemon.socket
        let count = min(100, 10 * TestRepetition.factor)
        let watchers = DispatchGroup()
        for _ in 0..<count {
            watchers.enter()
            // Threads, since a queue would let as many watch at a time as there are cores.
            let watcher = Thread {
                let numbers = Self.watch(id, socket)
                seen.withLock { $0.append(numbers) }
                watchers.leave()
            }
            watcher.start()
        }
        watchers.wait()
        let lists = seen.withLock { $0 }
        #expect(lists.count == count && lists[0].count > 600)
        for list in lists { #expect(list == Array(1...lists[0].count)) }
    }

    /// Watches with one connection after another until the job has ended; now and then nothing is read for a while.
    private static func watch(_ id: String, _ socket: String) -> [Int] {
        var numbers: [Int] = []
        while true {
            guard let connection = try? ServiceConnection(socket),
                (try? connection.send("job.watch", ["job": id, "since": numbers.last ?? 0])) != nil
            else { continue }
            for _ in 0..<Int.random(in: 5..<80) {
                if Int.random(in: 0..<200) == 0 { usleep(300_000) }
                guard let message = try? connection.receive() else { break }
                if message["result"] != nil { return numbers }
                guard message["method"] as? String == "job.event" else { continue }
                let event = message["params"] as? Object
                numbers.append(event?["seq"] as? Int ?? -1)
            }
        }
    }

    @Test func randomVerbsLeaveEveryJobInALegalState() throws {
        let daemon = try DaemonFixture.scripted(limits: ["running_jobs": 2])
        let client = try daemon.connection()
        let ids = try (0..<4).map { try daemon.submit(client, "job-\($0)", steps: 1500) }
        let verbs = ["pause", "pause", "resume", "resume", "checkpoint", "prioritize", "requeue", "cancel"]
        var slowestCancel = 0.0
        for _ in 0..<200 * TestRepetition.factor {
            let id = ids.randomElement() ?? ids[0]
            let verb = verbs.randomElement() ?? "pause"
            var parameters: Object = ["job": id]
            if verb == "prioritize" { parameters["priority"] = Int.random(in: -5...5) }
            let begun = Date()
            do {
                try client.call("job.\(verb)", parameters)
                if verb == "cancel" {
                    try client.call("job.wait", ["jobs": [id], "timeout": 10])
                    slowestCancel = max(slowestCancel, Date().timeIntervalSince(begun))
                }
            } catch let failure as ServiceConnection.Failure {
                // What does not fit the state is refused and changes nothing.
                #expect(failure.kind == "conflict", "\(verb): \(failure)")
            }
            if Int.random(in: 0..<4) == 0 { usleep(UInt32.random(in: 0..<40_000)) }
        }
        #expect(slowestCancel < 2)
        for id in ids {
            for verb in ["resume", "requeue"] { _ = try? client.call("job.\(verb)", ["job": id]) }
        }
        try client.call("job.wait", ["jobs": ids, "timeout": 60])
        for id in ids {
            // A job that was being stopped while it was resumed may have ended as it was asked to first.
            #expect(["succeeded", "cancelled"].contains(try checkHistory(daemon, id).last))
        }
    }
}
