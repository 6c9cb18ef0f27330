import JSONRPC
import Testing

/// Where messages begin and end.
struct FramingTests {
    private func messages(_ chunks: [String], limit: Int = 1000) throws -> [String] {
        var framer = MessageFramer(limit: limit)
        var found: [String] = []
        for chunk in chunks {
            framer.append(Array(chunk.utf8))
            while let message = try framer.next() { found.append(String(decoding: message, as: UTF8.self)) }
        }
        return found
    }

    @Test func lines() throws {
        #expect(try messages(["a\nb\r\n\n \t\r\n", "c", "d\n", "e"]) == ["a", "b", "cd"])
        #expect(try messages("{}\n[]\n".map(String.init)) == ["{}", "[]"])
        // A carriage return elsewhere belongs to the line.
        #expect(try messages(["a\rb\n"]) == ["a\rb"])
    }

    @Test func aRestWithoutEnd() throws {
        var framer = MessageFramer(limit: 100)
        framer.append(Array("a\nb".utf8))
        #expect(try framer.next() == [UInt8(ascii: "a")])
        #expect(try framer.next() == nil)
        #expect(framer.waitingBytes == 1)
        #expect(framer.rest() == [UInt8(ascii: "b")])
        #expect(framer.rest() == nil)
        framer.append(Array(" \t".utf8))
        #expect(framer.rest() == nil)
    }

    @Test func headers() throws {
        let two = "Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: x/y; charset=utf-8\r\n\r\n[1]"
        #expect(try messages([two]) == ["{}", "[1]"])
        #expect(try messages(two.map(String.init)) == ["{}", "[1]"])
        #expect(try messages(["Content-Length: 3\n\na\nb"]) == ["a\nb"])
        #expect(try messages(["Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n7"]) == ["", "7"])
    }

    @Test(arguments: [
        "Content-Length: -1\r\n\r\n", "Content-Length: +1\r\n\r\n", "Content-Length: 1x\r\n\r\n",
        "Content-Length:\r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n", "Content-Length: 1.0\r\n\r\n", "Content-Type: x\r\n\r\n",
        "C\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "C: \u{FF}\u{FE}\r\n\r\n", "Content-Length: 1001\r\n\r\n",
        "Content-Length: 1 \r\n\r\n",
    ])
    func badHeaders(text: String) {
        #expect(throws: MessageFramer.Failure.self) { try messages([text]) }
        #expect(throws: MessageFramer.Failure.self) { try messages(text.map(String.init)) }
    }

    @Test(arguments: ["Content-Length: 5\r\n", "C"])
    func headersWithoutEnd(beginning: String) {
        let endless = [beginning] + [String](repeating: "X-Header: aaaaaaaaaaaaaaaa\r\n", count: 1000)
        #expect(throws: MessageFramer.Failure.badHeader("no end within 8192 bytes")) { try messages(endless) }
        let oneLine = [beginning] + [String](repeating: "aaaaaaaaaaaaaaaa", count: 1000)
        #expect(throws: MessageFramer.Failure.badHeader("no end within 8192 bytes")) { try messages(oneLine) }
    }

    @Test func tooLongLines() throws {
        #expect(throws: MessageFramer.Failure.messageTooLong(limit: 4)) { try messages(["12345"], limit: 4) }
        #expect(throws: MessageFramer.Failure.messageTooLong(limit: 4)) { try messages(["12345\n"], limit: 4) }
        #expect(try messages(["1234\n"], limit: 4) == ["1234"])
    }

    /// However the bytes are cut, the messages are the same (a fixed generator, so that a failure can be repeated).
    @Test(arguments: 0..<20)
    func cutsDoNotMatter(seed: UInt64) throws {
        var state = seed &+ 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let lines = (0..<50).map { _ in String(repeating: "x", count: next(40) + 1) }
        let withHeaders = seed % 2 == 1
        let stream = Array(
            lines.map { withHeaders ? "Content-Length: \($0.count)\r\n\r\n\($0)" : $0 + "\n" }.joined().utf8)
        var framer = MessageFramer(limit: 1000)
        var found: [String] = []
        var position = 0
        while position < stream.count {
            let end = min(stream.count, position + next(60) + 1)
            framer.append(stream[position..<end])
            position = end
            while let message = try framer.next() { found.append(String(decoding: message, as: UTF8.self)) }
        }
        #expect(found == lines)
    }
}
