import Foundation
import JSONDocuments
import ProtocolTestSupport
import ServiceTestSupport
import Testing

/// Clients that are slow, many, or both: the others do not feel them.
@Suite(.timeLimit(.minutes(3))) struct PressureTests {
    /// The time within which 99 of 100 calls of `job.list` are answered, in seconds.
    private func slowest(_ client: LineClient, calls: Int = 200) throws -> Double {
        var times: [Double] = []
        for _ in 0..<calls {
            let start = DispatchTime.now().uptimeNanoseconds
            #expect(try client.call("job.list")?["result"] != nil)
            times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
        }
        return times.sorted()[calls * 99 / 100 - 1]
    }

    @Test func slowWritersAndReadersThatNeverRead() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        _ = try slowest(client)
        let before = daemon.memory("VmRSS")
        // Fifty that never finish a message, twenty that ask for much and read nothing.
        let line = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.list\"".utf8)
        let slow = try (0..<50).map { _ in try LineClient(path: daemon.socket) }
        let deaf = try (0..<20).map { _ in try LineClient(path: daemon.socket) }
        for connection in slow { try connection.send([line[0]]) }
        let flood = String(repeating: "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}\n", count: 50)
        for connection in deaf { try connection.send(flood) }
        for index in 1..<10 {
            for connection in slow { try connection.send([line[index]]) }
            // A second allows for a machine that does other things too; what is meant is that nobody waits for them.
            #expect(try slowest(client, calls: 100) < 1)
        }
        let after = daemon.memory("VmRSS")
        #expect(after - before < 70 * (512 << 10))
        // Those that have been slow are served as soon as they go on.
        for connection in slow.prefix(5) {
            try connection.send(Array(line[10...]) + Array("}\n".utf8))
            #expect(try connection.message()?["result"] != nil)
        }
        for connection in deaf.prefix(3) {
            for _ in 0..<50 { #expect(try connection.message()?["result"] != nil) }
        }
    }

    @Test func aLogThatNobodyReadsStopsNothing() throws {
        // Its pipe takes 4 KiB, and each of these jobs makes lines.
        let daemon = try DaemonFixture.scripted(readsLog: false)
        let client = try daemon.connection()
        let jobs = try (0..<100).map { try daemon.submit(client, "out-\($0)", steps: 1) }
        try client.call("job.wait", ["jobs": jobs, "timeout": 60])
        for job in jobs { #expect(try client.call("job.get", ["job": job])["state"] as? String == "succeeded") }
        daemon.readLog()
        usleep(100_000)
        _ = try daemon.submit(client, "last", steps: 1)
        #expect(daemon.waitForLog("lines are missing count="))
    }

    @Test func anUnfinishedMessageHasADeadline() throws {
        let daemon = try DaemonFixture(limits: ["message_seconds: 1"])
        let client = try LineClient(path: daemon.socket)
        try client.send("{\"jsonrpc\"")
        let start = Date()
        #expect(try client.message()?["error"]?["data"]?["kind"] == "timeout")
        #expect(try client.line() == nil)
        #expect((0.9...10).contains(Date().timeIntervalSince(start)))
        // A connection that says nothing may stay.
        let idle = try LineClient(path: daemon.socket)
        usleep(2_500_000)
        #expect(try idle.call("job.list")?["result"] != nil)
    }

    @Test func unfinishedMessagesOfOneUserAreBounded() throws {
        let daemon = try DaemonFixture(limits: ["partial_bytes_per_user: 4194304"])
        let half = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var refused = 0
        var kept: [LineClient] = []
        for _ in 0..<8 {
            let client = try LineClient(path: daemon.socket)
            try client.send(half)
            kept.append(client)
        }
        let asking = try LineClient(path: daemon.socket)
        #expect(try asking.call("job.list")?["result"] != nil)
        for client in kept where (try? client.message(seconds: 0.3))??["error"]?["data"]?["kind"] == "busy" {
            refused += 1
        }
        #expect((3...5).contains(refused))
    }

    @Test func aStormOfConnections() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        for round in 0..<10 {
            for index in 0..<200 {
                let visitor = try LineClient(path: daemon.socket)
                if index % 3 == 0 { try visitor.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.list\"}\n") }
            }
            #expect(try client.call("job.list")?["result"] != nil, "round \(round)")
        }
        // None of them is left a moment later.
        for _ in 0..<100 where daemon.openDescriptors >= 40 { usleep(20_000) }
        #expect(daemon.openDescriptors < 40)
    }

    @Test func connectionsOfAUserAreCounted() throws {
        let daemon = try DaemonFixture()
        var clients = try (0..<256).map { _ in try LineClient(path: daemon.socket) }
        #expect(try clients[255].call("job.list")?["result"] != nil)
        let refused = try LineClient(path: daemon.socket)
        let error = try #require(try refused.message()?["error"])
        #expect(error["data"]?["kind"] == "busy")
        #expect(error["data"]?["hint"]?.string?.contains("connections_per_user") == true)
        clients.removeLast(10)
        usleep(100_000)
        let next = try LineClient(path: daemon.socket)
        #expect(try next.call("job.list")?["result"] != nil)
    }

    /// Without a descriptor left the daemon says so, and goes on as soon as there are some.
    @Test func outOfDescriptors() throws {
        let daemon = try DaemonFixture(descriptors: 60)
        let first = try LineClient(path: daemon.socket)
        #expect(try first.call("job.list")?["result"] != nil)
        var clients: [LineClient] = []
        var refused: JSONValue?
        for _ in 0..<80 where refused == nil {
            let client = try LineClient(path: daemon.socket)
            try client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.list\"}\n")
            let answer = try client.message()
            if answer?["error"] != nil { refused = answer } else { clients.append(client) }
        }
        #expect(refused?["error"]?["data"]?["kind"] == "busy")
        #expect(clients.count > 20)
        #expect(try first.call("job.list")?["result"] != nil)
        clients.removeAll()
        let start = Date()
        let next = try LineClient(path: daemon.socket)
        #expect(try next.call("job.list")?["result"] != nil)
        #expect(Date().timeIntervalSince(start) < 2)
    }
}
