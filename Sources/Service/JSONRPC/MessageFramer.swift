/// Cuts a stream of bytes into messages.
///
/// A message is a line. A stream whose first byte is `C` is framed with `Content-Length:` headers instead, as the
/// Language Server Protocol does.
package struct MessageFramer: Sendable {
    package enum Failure: Error, Equatable, Sendable {
        case messageTooLong(limit: Int)
        case badHeader(String)
    }
    package enum Framing: Equatable, Sendable { case unknown, lines, contentLength }

    package private(set) var framing = Framing.unknown
    private let limit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0

    package init(limit: Int) { self.limit = limit }

    /// Adds what was received.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        if framing == .unknown, let first = bytes.first {
            framing = first == UInt8(ascii: "C") ? .contentLength : .lines
        }
        if start > 65536 && start > buffer.count / 2 {
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

    private mutating func nextLine() throws(Failure) -> [UInt8]? {
        while true {
            guard let end = line() else {
                if buffer.count - start > limit { throw .messageTooLong(limit: limit) }
                return nil
            }
            if end.count > limit { throw .messageTooLong(limit: limit) }
            if end.contains(where: { !Self.blank.contains($0) }) { return end }
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
        let (savedStart, savedScanned) = (start, scanned)
        var length: Int?
        scanned = start
        while let header = line() {
            if header.isEmpty {
                guard let length else { throw .badHeader("Content-Length is missing") }
                guard buffer.count - start >= length else { break }
                let message = Array(buffer[start..<start + length])
                start += length
                scanned = start
                return message
            }
            let parts = String(decoding: header, as: UTF8.self).split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw .badHeader(String(decoding: header.prefix(80), as: UTF8.self)) }
            if parts[0].lowercased() == "content-length" {
                guard let value = Int(parts[1].drop { $0 == " " }), value >= 0 else {
                    throw .badHeader("Content-Length:\(parts[1])")
                }
                if value > limit { throw .messageTooLong(limit: limit) }
                length = value
            }
        }
        if length == nil && buffer.count - savedStart > 8192 { throw .badHeader("no end within 8192 bytes") }
        (start, scanned) = (savedStart, savedScanned)
        return nil
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
