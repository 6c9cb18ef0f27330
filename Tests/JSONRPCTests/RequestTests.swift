import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import Testing

/// Ids, batches, notifications and cancellation over a socket pair.
struct RequestTests {
    @Test(arguments: [
        "1", "0", "-7", "9223372036854775807", "-9223372036854775808", "1.5", "\"a\"", "\"\"", "\"\\u0000\"",
        "\"é\"", "null", "\"1\"",
    ])
    func idsComeBackAsTheyWere(id: String) throws {
        let reply = try PeerFixture().exchange("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"echo\"}\n")
        #expect(reply.count == 1)
        #expect(reply.first?["id"] == (try JSONValue(parsing: id)))
        #expect(reply.first?["result"] == .null)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":true,"method":"echo"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":[1],"method":"echo"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":{},"method":"echo"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":18446744073709551616,"method":"echo"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1e300,"method":"echo"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1e400,"method":"echo"}"#, -32700),
        (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"echo"}"#, -32700),
        (#"{"jsonrpc":"2.0","id":null,"method":"echo","params":{"a":1,"a":2}}"#, -32700),
        ("nonsense", -32700), ("1", -32600), ("\"text\"", -32600), ("null", -32600), ("{}", -32600),
    ])
    func refusedWithNullAsId(line: String, code: Int64) throws {
        let reply = try PeerFixture().exchange(line + "\n")
        #expect(reply.count == 1)
        #expect(failure(reply.first).code == code)
        #expect(failure(reply.first).id == .some(.null))
        #expect(reply.first?["error"]?["data"]?["kind"] == "bad_request")
    }

    @Test(arguments: [
        #"{"id":7,"method":"echo"}"#, #"{"jsonrpc":"1.0","id":7,"method":"echo"}"#,
        #"{"jsonrpc":2.0,"id":7,"method":"echo"}"#,
        #"{"jsonrpc":"2.0","id":7}"#, #"{"jsonrpc":"2.0","id":7,"method":null}"#,
        #"{"jsonrpc":"2.0","id":7,"method":"echo","params":1}"#,
        #"{"jsonrpc":"2.0","id":7,"method":"echo","params":null}"#,
        #"{"jsonrpc":"2.0","id":7,"method":"echo","params":"x"}"#,
    ])
    func invalidRequestsKeepTheirId(line: String) throws {
        let reply = try PeerFixture().exchange(line + "\n")
        #expect(failure(reply.first).code == -32600)
        #expect(failure(reply.first).id == 7)
    }

    @Test func anIdInFlightIsNotTakenTwice() throws {
        let peer = try PeerFixture()
        let hold = "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"hold\"}\n"
        #expect(try peer.exchange(hold) == [])
        let refused = try peer.exchange(hold)
        #expect(failure(refused.first).code == -32600)
        #expect(failure(refused.first).id == "a")
        peer.held[0].succeed(1)
        #expect(try peer.lines(peer.received()).first?["result"] == 1)
        // Answered, so the id is free again.
        #expect(try peer.exchange(hold) == [])
        #expect(peer.held.count == 2)
    }

    @Test func everyRequestIsAnsweredOnce() throws {
        let peer = try PeerFixture()
        let dropped = try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"drop\"}\n")
        #expect(failure(dropped.first).code == -32603)
        _ = try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"hold\"}\n")
        peer.held[0].succeed(1)
        peer.held[0].succeed(2)
        peer.held[0].fail(.cancelled)
        peer.held[0].notify("$/progress", [:])
        let answers = try peer.lines(peer.received())
        #expect(answers == [["jsonrpc": "2.0", "id": 2, "result": 1]])
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":5}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5,"reason":"enough"}}"#,
    ])
    func cancellation(notification: String) throws {
        let peer = try PeerFixture()
        #expect(try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"hold\"}\n") == [])
        let answers = try peer.exchange(notification + "\n" + notification + "\n")
        #expect(answers.count == 1)
        #expect(failure(answers.first).code == -32800)
        #expect(answers.first?["error"]?["data"]?["kind"] == "cancelled")
        #expect(peer.held[0].isCancelled && peer.held[0].isAnswered)
    }

    @Test func cancellationOfWhatIsNotThere() throws {
        let peer = try PeerFixture()
        for parameters in [#"{"id":99}"#, #"{"id":[]}"#, "{}", "[1]"] {
            #expect(
                try peer.exchange("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":\(parameters)}\n")
                    == [])
        }
        #expect(try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_data\"}\n").count == 1)
    }

    @Test func answersToNobodyAreIgnored() throws {
        let peer = try PeerFixture()
        let strays =
            #"{"jsonrpc":"2.0","id":3,"result":1}"# + "\n"
            + #"{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"m"}}"#
        #expect(try peer.exchange(strays + "\n") == [])
        #expect(try peer.exchange("[" + #"{"jsonrpc":"2.0","id":3,"result":1}"# + "]\n") == [])
        #expect(try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_data\"}\n").count == 1)
    }

    @Test func callsOfThePeerAreAnsweredOrFailed() throws {
        let peer = try PeerFixture()
        let server = try #require(peer.server)
        var answers: [Result<JSONValue, RPCError>] = []
        for _ in 0..<2 { server.call("ask", [1]) { answers.append($0) } }
        let asked = try peer.lines(peer.received())
        #expect(asked.map { $0["id"] } == [1, 2])
        #expect(try peer.exchange(#"{"jsonrpc":"2.0","id":1,"result":"yes"}"# + "\n") == [])
        #expect(try answers.first?.get() == "yes")
        peer.close()
        try peer.settle()
        #expect(peer.closeReason == .endOfStream)
        guard case .failure(let error)? = answers.last else {
            Issue.record("the call that was never answered must fail")
            return
        }
        #expect(error.code == -32000)
    }

    @Test func sendingAfterTheEndIsHarmless() throws {
        let peer = try PeerFixture()
        _ = try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hold\"}\n")
        peer.close()
        try peer.settle()
        #expect(peer.closeReason != nil)
        #expect(peer.held[0].isCancelled)
        peer.held[0].succeed(1)
        peer.server?.notify("late", nil)
        var failed = false
        peer.server?.call("late", nil) { _ in failed = true }
        try peer.settle()
        #expect(failed)
    }

    @Test func aSenderThatHasFinishedStillGetsItsAnswers() throws {
        let peer = try PeerFixture()
        try peer.send(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hold\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"get_data\"}"
        )
        try peer.finishSending()
        // The last line needs no end.
        #expect(try peer.lines(peer.received()).first?["id"] == 2)
        #expect(peer.closeReason == nil)
        #expect(!peer.held[0].isCancelled)
        peer.held[0].succeed("late")
        #expect(try peer.lines(peer.received()).first?["result"] == "late")
        #expect(try peer.isClosedByPeer())
        #expect(peer.closeReason == .endOfStream)
    }

    @Test func answersOfABatchComeTogether() throws {
        let peer = try PeerFixture()
        let batch =
            #"[{"jsonrpc":"2.0","id":1,"method":"hold"},{"jsonrpc":"2.0","id":2,"method":"get_data"},{"jsonrpc":"2.0","id":3,"method":"hold"}]"#
        #expect(try peer.exchange(batch + "\n") == [])
        peer.held[1].succeed(3)
        #expect(try peer.received() == "")
        peer.held[0].succeed(1)
        let answers = try peer.lines(peer.received())
        #expect(answers.count == 1)
        #expect(Set(answers.first?.array?.compactMap { $0["id"]?.integer } ?? []) == [1, 2, 3])
    }

    @Test func descriptorsTravelWithTheirRequest() throws {
        let peer = try PeerFixture()
        let file = try FileDescriptor.open("/dev/null", O_RDONLY)
        try peer.send(
            Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hold\"}\n".utf8), passing: [file.number, file.number])
        let taken = try #require(peer.held.first).takeDescriptors()
        #expect(taken.count == 2)
        for number in taken { _ = try FileDescriptor(owning: number).status() }
        #expect(peer.held[0].takeDescriptors() == [])
    }
}
