import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import Testing

/// What a peer refuses, and that refusing costs little.
struct LimitTests {
    private func limits(_ change: (inout RPCLimits) -> Void) -> RPCLimits {
        var limits = RPCLimits()
        change(&limits)
        return limits
    }

    /// A line of a gigabyte: refused at the limit, and no more than that is ever held.
    @Test func aLineWithoutEnd() throws {
        let peer = try PeerFixture()
        let before = try #require(MemoryUsage()).resident
        let chunk = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        var taken = 0
        for _ in 0..<1024 {
            let count = try peer.send(chunk)
            taken += count
            if count < chunk.count { break }
        }
        #expect(taken >= 16 << 20)
        #expect(taken < 18 << 20)
        let reply = try peer.lines(peer.received())
        #expect(failure(reply.first).code == -32700)
        #expect(reply.first?["error"]?["message"]?.string?.contains("16777216") == true)
        #expect(peer.closeReason != nil)
        let growth = try #require(MemoryUsage()).resident - before
        #expect(growth < 64 << 20)
    }

    @Test func aMessageOfExactlyTheLimit() throws {
        let whole = #"{"jsonrpc":"2.0","id":1,"method":"get_data"}"#
        let peer = try PeerFixture(limits: limits { $0.messageBytes = 100 })
        let padded = whole + String(repeating: " ", count: 100 - whole.utf8.count)
        #expect(try peer.exchange(padded + "\n").first?["result"] != nil)
        #expect(failure(try peer.exchange(padded + " \n").first).code == -32700)
        #expect(peer.closeReason != nil)
    }

    @Test(arguments: ["[", #"{"a":"#, #"[{"a":"#, #"{"jsonrpc":"2.0","id":1,"method":"echo","params":["#])
    func brackets(opening: String) throws {
        let peer = try PeerFixture()
        let reply = try peer.exchange(String(repeating: opening, count: 100_000) + "\n")
        #expect(failure(reply.first).code == -32700)
        // The connection goes on.
        #expect(try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_data\"}\n").count == 1)
    }

    @Test func depthCountsFromTheMessage() throws {
        func request(_ depth: Int) -> String {
            let nested = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
            return "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":\(nested)}\n"
        }
        #expect(try PeerFixture().exchange(request(128)).first?["result"] != nil)
        #expect(failure(try PeerFixture().exchange(request(129)).first).code == -32700)
    }

    @Test func batchesHaveAtMostAHundredMessages() throws {
        let one = #"{"jsonrpc":"2.0","id":1,"method":"get_data"}"#
        func batch(_ count: Int) -> String {
            "[" + [String](repeating: one, count: count).joined(separator: ",") + "]\n"
        }
        #expect(try PeerFixture().exchange(batch(100)).first?.array?.count == 100)
        #expect(failure(try PeerFixture().exchange(batch(101)).first).code == -32600)
    }

    @Test func requestsInFlightAreCounted() throws {
        let peer = try PeerFixture(limits: limits { $0.inFlight = 3 })
        for id in 0..<3 { _ = try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"hold\"}\n") }
        let refused = try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"get_data\"}\n")
        #expect(refused.first?["error"]?["data"]?["kind"] == "busy")
        #expect(failure(refused.first).id == 9)
        peer.held[1].succeed(0)
        _ = try peer.received()
        #expect(try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"get_data\"}\n").first?["result"] != nil)
    }

    /// Who asks and never reads is not read from either, so that nothing piles up here.
    @Test func askingWithoutReadingIsSlowedDown() throws {
        let peer = try PeerFixture(
            limits: limits {
                $0.congestedBytes = 64 << 10
                $0.outgoingBytes = 1 << 20
            })
        // 2000 answers of 16 KiB are 32 MiB; the requests themselves fit into the socket.
        let request = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"large\",\"params\":[16384]}\n".utf8)
        let before = try #require(MemoryUsage()).resident
        var all: [UInt8] = []
        for _ in 0..<2000 { all += request }
        var sent = all[...]
        // As far as the sockets' own buffers go.
        for _ in 0..<400 {
            sent = sent.dropFirst(max(0, try peer.push(sent)))
            try peer.loop.runOnce(atMost: 0)
        }
        #expect(peer.closeReason == nil)
        #expect(try #require(MemoryUsage()).resident - before < 8 << 20)
        // It reads at last and gets every answer.
        var answers = 0
        while answers < 2000 {
            sent = sent.dropFirst(max(0, try peer.push(sent)))
            let lines = try peer.received().split(separator: "\n", omittingEmptySubsequences: false).count - 1
            if lines <= 0 && sent.isEmpty { break }
            answers += lines
        }
        #expect(answers == 2000)
    }

    /// Notifications are not asked for one by one: a peer that leaves too many unread is cut off.
    @Test func aPeerThatNeverReadsIsCutOff() throws {
        let peer = try PeerFixture(limits: limits { $0.outgoingBytes = 256 << 10 })
        let text = JSONValue.string(String(repeating: "x", count: 1000))
        var sent = 0
        while peer.closeReason == nil && sent < 10_000 {
            peer.server?.notify("job.event", [text])
            sent += 1
            if sent % 64 == 0 { try peer.loop.runOnce(atMost: 0) }
        }
        guard case .peerTooSlow(let waiting)? = peer.closeReason else {
            Issue.record("not cut off after \(sent) notifications: \(String(describing: peer.closeReason))")
            return
        }
        #expect(waiting < 300 << 10)
    }

    @Test func tooManyDescriptorsEndTheConnection() throws {
        let peer = try PeerFixture(limits: limits { $0.descriptors = 10 })
        let file = try FileDescriptor.open("/dev/null", O_RDONLY)
        for _ in 0..<12 { try peer.send([UInt8(ascii: " ")], passing: [file.number]) }
        #expect(peer.closeReason != nil)
    }

    /// Thousands of requests in one write leave time for others.
    @Test func aFloodIsHandledInTurns() throws {
        let peer = try PeerFixture()
        var turns = 0
        peer.loop.every(0) { turns += 1 }
        let one = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_data\"}\n"
        let answers = try peer.exchange(String(repeating: one, count: 3000))
        var count = answers.count
        for _ in 0..<1000 where count < 3000 { count += try peer.lines(peer.received()).count }
        #expect(count == 3000)
        #expect(turns >= 3000 / 32 - 5)
    }
}
