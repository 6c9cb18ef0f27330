import JSONDocuments
import JSONRPC
import Testing

/// The examples of the JSON-RPC 2.0 specification, section 7: what is sent, and what must come back.
struct SpecificationTests {
    @Test(arguments: [
        (
            #"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 1}"#
        ),
        (
            #"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
            #"{"jsonrpc": "2.0", "result": -19, "id": 2}"#
        ),
        (
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 3}"#
        ),
        (
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 4}"#
        ),
        (#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil),
        (#"{"jsonrpc": "2.0", "method": "foobar"}"#, nil),
        (#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, #"{"error": -32601, "id": "1"}"#),
        (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, #"{"error": -32700, "id": null}"#),
        (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, #"{"error": -32600, "id": null}"#),
        (
            #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
            #"{"error": -32700, "id": null}"#
        ),
        ("[]", #"{"error": -32600, "id": null}"#),
        ("[1]", #"[{"error": -32600, "id": null}]"#),
        (
            "[1,2,3]",
            #"[{"error": -32600, "id": null}, {"error": -32600, "id": null}, {"error": -32600, "id": null}]"#
        ),
        (
            #"""
            [{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
             {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
             {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
             {"foo": "boo"},
             {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
             {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]
            """#,
            #"""
            [{"jsonrpc": "2.0", "result": 7, "id": "1"}, {"jsonrpc": "2.0", "result": 19, "id": "2"},
             {"error": -32600, "id": null}, {"error": -32601, "id": "5"},
             {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]
            """#
        ),
        (
            #"""
            [{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
             {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]
            """#, nil
        ),
    ])
    func example(sent: String, expected: String?) throws {
        let line = sent.replacing("\n", with: " ") + "\n"
        let replies = try PeerFixture().exchange(line)
        guard let expected else {
            #expect(replies == [])
            return
        }
        #expect(replies.map(essence) == [try JSONValue(parsing: expected)].map(essence))
        // The same a byte at a time, and twice in one write.
        let slow = try PeerFixture()
        for byte in line.utf8 { try slow.send([byte]) }
        #expect(try slow.lines(slow.received()) == replies)
        #expect(try PeerFixture().exchange(line + line) == replies + replies)
        let framed = try PeerFixture()
        let body = sent.replacing("\n", with: " ")
        try framed.send("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let answer = try framed.received()
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(parts.count == 2 && parts[0] == "Content-Length: \(parts[1].utf8.count)")
        #expect(try JSONValue(parsing: String(parts.last ?? "")) == replies.first)
    }

    /// A response without the wording of its error, which is ours.
    private func essence(_ value: JSONValue) -> JSONValue {
        if let elements = value.array { return .array(elements.map(essence)) }
        guard let error = value["error"] else { return value }
        return ["error": error["code"] ?? error, "id": value["id"] ?? "missing"]
    }
}
