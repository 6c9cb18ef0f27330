/// Cuts a stream of bytes into messages.
///
/// A message is a line. A stream whose first byte is `C` is framed with `Content-Length:` headers instead, as the
/// Language Server Protocol does.
package struct MessageFramer: Sendable {
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case messageTooLong(limit: Int)
        case badHeader(String)

        package var description: String {
            switch self {
            case .messageTooLong(let limit): "a message longer than \(limit) bytes"
            case .badHeader(let header): "bad header: \(header)"
            }
        }
    }
    package enum Framing: Equatable, Sendable { case unknown, lines, contentLength }

    package private(set) var framing = Framing.unknown
    private let limit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0
    /// Length of the body that follows the headers read last.
    private var bodyLength: Int?
    private static let headerLimit = 8192

    package init(limit: Int) { self.limit = limit }

    /// Bytes that are no whole message yet.
    package var waitingBytes: Int { buffer.count - start }

    /// Adds what was received.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        if framing == .unknown, let first = bytes.first {
            framing = first == UInt8(ascii: "C") ? .contentLength : .lines
        }
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 16)
            scanned = 0
            start = 0
        } else if start > 65536 && start > buffer.count / 2 {
            buffer.removeFirst(start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole message, nil when more bytes are needed. Blank lines are passed over.
    package mutating func next() throws(Failure) -> [UInt8]? {
        framing == .contentLength ? try nextWithHeader() : try nextLine()
    }

    /// What is left when no more bytes will come: a last line without its end.
    package mutating func rest() -> [UInt8]? {
        guard framing == .lines, waitingBytes > 0, waitingBytes <= limit else { return nil }
        defer { start = buffer.count }
        let line = Array(buffer[start...])
        return line.contains { !Self.blank.contains($0) } ? line : nil
    }

    private mutating func nextLine() throws(Failure) -> [UInt8]? {
        while true {
            guard let line = line() else {
                if waitingBytes > limit { throw .messageTooLong(limit: limit) }
                return nil
            }
            if line.count > limit { throw .messageTooLong(limit: limit) }
            if line.contains(where: { !Self.blank.contains($0) }) { return line }
        }
    }

    /// Takes one line without its end, `\n` or `\r\n`.
    private mutating func line() -> [UInt8]? {
        guard let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = buffer.count
            return nil
        }
        var last = end
        if last > start, buffer[last - 1] == UInt8(ascii: "\r") { last -= 1 }
        let result = Array(buffer[start..<last])
        start = end + 1
        scanned = start
        return result
    }

    private mutating func nextWithHeader() throws(Failure) -> [UInt8]? {
        if bodyLength == nil { bodyLength = try headers() }
        guard let length = bodyLength, waitingBytes >= length else { return nil }
        let message = Array(buffer[start..<start + length])
        start += length
        scanned = start
        bodyLength = nil
        return message
    }

    /// Reads the headers of one message to the blank line behind them; nil, and nothing taken, when it is not there.
    private mutating func headers() throws(Failure) -> Int? {
        let beginning = start
        scanned = start
        var length: Int?
        while let header = line() {
            if start - beginning > Self.headerLimit { break }
            if header.isEmpty {
                guard let length else { throw .badHeader("Content-Length is missing") }
                return length
            }
            guard let value = try Self.contentLength(header) else { continue }
            guard length == nil || length == value else { throw .badHeader("Content-Length is given twice") }
            if value > limit { throw .messageTooLong(limit: limit) }
            length = value
        }
        if buffer.count - beginning > Self.headerLimit {
            throw .badHeader("no end within \(Self.headerLimit) bytes")
        }
        start = beginning
        return nil
    }

    /// The value of a `Content-Length` header, nil for another one.
    private static func contentLength(_ header: [UInt8]) throws(Failure) -> Int? {
        let text = String(decoding: header, as: UTF8.self)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { throw .badHeader(String(text.prefix(80))) }
        guard parts[0].lowercased() == "content-length" else { return nil }
        let digits = parts[1].drop { $0 == " " || $0 == "\t" }
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(digits) else {
            throw .badHeader(String(text.prefix(80)))
        }
        return value
    }

    private static let blank: Set<UInt8> = [0x20, 0x09, 0x0D]

    /// `message` as the peer's framing wants it.
    package func framed(_ message: RPCMessage) -> [UInt8] { framed(message.line) }

    /// A line, newline included, as the peer's framing wants it.
    package func framed(_ line: [UInt8]) -> [UInt8] {
        guard framing == .contentLength else { return line }
        return Array("Content-Length: \(line.count - 1)\r\n\r\n".utf8) + line.dropLast()
    }
}
