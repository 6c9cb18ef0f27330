import Foundation
import JSONDocuments
import ProtocolTestSupport
import ServiceTestSupport
import Testing

/// The wire as a real daemon speaks it.
@Suite(.timeLimit(.minutes(2))) struct ConversationTests {
    /// Lines sent on one connection, and what must come back: a result, or an error's code with the id.
    private static let script: [(sent: String, code: Int64?, id: JSONValue)] = [
        (#"{"jsonrpc":"2.0","id":1,"method":"job.list"}"#, nil, 1),
        (#"{"jsonrpc":"2.0","id":"two","method":"job.list","params":[["queued"],5]}"#, nil, "two"),
        (#"{"jsonrpc":"2.0","id":3,"method":"job.list","params":{"limit":5,"states":[]}}"#, nil, 3),
        (#"{"jsonrpc":"2.0","id":null,"method":"job.list"}"#, nil, .null),
        (#"{"jsonrpc":"2.0","id":4,"method":"job.list","params":[1,2,3]}"#, -32602, 4),
        (#"{"jsonrpc":"2.0","id":5,"method":"job.list","params":{"limits":5}}"#, -32602, 5),
        (#"{"jsonrpc":"2.0","id":6,"method":"job.list","params":{"limit":"5"}}"#, -32602, 6),
        (#"{"jsonrpc":"2.0","id":7,"method":"job.list","params":{"limit":1e300}}"#, -32602, 7),
        (#"{"jsonrpc":"2.0","id":8,"method":"job.get"}"#, -32602, 8),
        (#"{"jsonrpc":"2.0","id":9,"method":"job.get","params":{"job":"999"}}"#, 1009, 9),
        (#"{"jsonrpc":"2.0","id":10,"method":"no.such"}"#, -32601, 10),
        (#"{"jsonrpc":"2.0","id":11,"method":"job.list","params":7}"#, -32600, 11),
        (#"{"jsonrpc":"2.0","id":11,"id":12,"method":"job.list"}"#, -32700, .null),
        (#"{"jsonrpc":"2.0","id":13,"method":"job.get","params":{"job":"1","job":"2"}}"#, -32700, .null),
        ("[]", -32600, .null),
    ]

    private func check(_ reply: JSONValue?, _ expected: (sent: String, code: Int64?, id: JSONValue)) {
        #expect(reply?["id"] == expected.id, "\(expected.sent)")
        #expect(reply?["error"]?["code"]?.integer == expected.code, "\(expected.sent)")
        if expected.code == nil { #expect(reply?["result"]?["jobs"]?.array != nil, "\(expected.sent)") }
    }

    @Test func theScriptLineByLineAndInOneWriteAndByBytes() throws {
        let daemon = try DaemonFixture()
        let whole = Self.script.map { $0.sent + "\n" }.joined()
        let client = try LineClient(path: daemon.socket)
        for expected in Self.script {
            try client.send(expected.sent + "\n")
            check(try client.message(), expected)
        }
        try client.send(whole)
        try checkAll(client)
        let slow = try LineClient(path: daemon.socket)
        for byte in whole.utf8 { try slow.send([byte]) }
        try checkAll(slow)
    }

    /// Answers to requests that did not wait for each other come in any order.
    private func checkAll(_ client: LineClient) throws {
        func name(_ id: JSONValue?, _ code: Int64?) -> String { "\(id ?? .null) \(code ?? 0)" }
        let answers = try Self.script.map { _ in
            let answer = try client.message()
            return name(answer?["id"], answer?["error"]?["code"]?.integer)
        }
        #expect(answers.sorted() == Self.script.map { name($0.id, $0.code) }.sorted())
    }

    @Test func batchesNotificationsAndTheEnd() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let call = #"{"jsonrpc":"2.0","id":1,"method":"job.list"}"#
        let note = #"{"jsonrpc":"2.0","method":"job.list"}"#
        try client.send(note + "\n[\(note),\(note)]\n[\(call),\(note),1,{}]\n")
        let batch = try #require(try client.message()?.array)
        #expect(batch.map { $0["error"]?["code"]?.integer } == [nil, -32600, -32600])
        // What comes after the end of sending is still answered, the last line without its end too.
        try client.send(call + "\n" + call.replacing("1,", with: "2,"))
        client.finishSending()
        #expect(try client.message()?["id"] == 1)
        #expect(try client.message()?["id"] == 2)
        #expect(try client.line() == nil)
    }

    @Test func contentLengthInBothDirections() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let body = #"{"jsonrpc":"2.0","id":1,"method":"job.list"}"#
        try client.send("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        client.finishSending()
        let header = try #require(try client.line())
        #expect(header.hasPrefix("Content-Length: "))
        #expect(try client.line() == "\r")
        #expect(
            try client.rest().utf8.count == Int(header.dropFirst(16).trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test func hostileLinesLeaveTheDaemonServing() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let lines: [[UInt8]] = [
            [UInt8](repeating: UInt8(ascii: "["), count: 100_000), [0xFF, 0xFE], [0x22, 0xC0, 0x80, 0x22],
            [0x7B, 0x00, 0x7D],
            Array(
                (#"{"jsonrpc":"2.0","id":1,"method":"job.list","params":{"limit":1"#
                    + String(repeating: "0", count: 1000) + "}}").utf8),
            Array((#"{"jsonrpc":"2.0","id":1e999,"method":"job.list"}"#).utf8),
        ]
        for line in lines {
            try client.send(line + [10])
            #expect(try client.message()?["error"]?["code"] == -32700)
        }
        #expect(try client.call("job.list")?["result"] != nil)
    }

    /// A gigabyte without a line's end: refused after 16 MiB, and the daemon stays as small as it was.
    @Test func aGigabyteLine() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let other = try LineClient(path: daemon.socket)
        let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        var chunks = 0
        while chunks < 1024, try client.send(chunk) { chunks += 1 }
        #expect((15...18).contains(chunks))
        #expect(try client.message()?["error"]?["message"]?.string?.contains("16777216") == true)
        #expect(try other.call("job.list")?["result"] != nil)
        let peak = daemon.memory("VmHWM")
        #expect(peak < 100 << 20)
    }

    @Test func cancellationOfAWatch() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let submitted = try client.call(
            "job.submit",
            [
                "config": ["text": .string(SmallRun.yaml(steps: 100_000)), "name": "run.yaml"],
                "overrides": [.string("output_dir=" + daemon.path("out"))],
            ])
        let job = try #require(submitted?["result"]?["id"]?.string)
        for (id, cancel) in [
            (21, #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":21}}"#),
            (22, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":22}}"#),
        ] {
            try client.send(
                "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"job.watch\",\"params\":{\"job\":\"\(job)\"}}\n\(cancel)\n"
            )
            var answers: [JSONValue] = []
            while answers.isEmpty, let message = try client.message() {
                if message["id"] != nil { answers.append(message) }
            }
            #expect(answers.first?["error"]?["code"] == -32800)
            #expect(answers.first?["id"] == .integer(Int64(id)))
        }
        // The job does not care.
        #expect(try client.call("job.get", ["job": .string(job)])?["result"]?["state"]?.string != "cancelled")
        #expect(try client.call("job.cancel", ["job": .string(job)])?["result"] != nil)
    }
}
