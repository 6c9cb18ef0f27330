import Glibc
package import JSONDocuments
package import JSONRPC
import LinuxSystem

/// A bare client: lines in, lines out, with a time limit and nothing done for the caller.
package final class LineClient {
    package struct TimedOut: Error { package let seconds: Double }

    private let socket: FileDescriptor
    private var buffer: [UInt8] = []
    private var position = 0

    package init(path: String) throws {
        socket = try UnixSocket.connect(to: path)
        UnixSocket.setNonBlocking(socket.number)
    }

    package var number: Int32 { socket.number }

    /// Sends all bytes; false when the other end has closed.
    @discardableResult
    package func send(_ bytes: [UInt8], passing descriptors: [Int32] = [], seconds: Double = 20) throws -> Bool {
        var rest = bytes[...]
        var passed = descriptors
        while !rest.isEmpty {
            do {
                if let count = try UnixSocket.send(rest, to: socket.number, passing: passed) {
                    rest = rest.dropFirst(count)
                    passed = []
                } else {
                    try wait(Int16(POLLOUT), seconds)
                }
            } catch let error as SystemError where error.code == EPIPE || error.code == ECONNRESET {
                return false
            }
        }
        return true
    }

    @discardableResult
    package func send(_ text: String) throws -> Bool { try send(Array(text.utf8)) }

    private func wait(_ events: Int16, _ seconds: Double) throws {
        var entry = pollfd(fd: socket.number, events: events, revents: 0)
        if poll(&entry, 1, Int32(seconds * 1000)) == 0 { throw TimedOut(seconds: seconds) }
    }

    /// The next line without its end, nil at the end of the connection.
    package func line(seconds: Double = 20) throws -> String? {
        while true {
            if let end = buffer[position...].firstIndex(of: 10) {
                defer { position = end + 1 }
                return String(decoding: buffer[position..<end], as: UTF8.self)
            }
            buffer.removeFirst(position)
            position = 0
            switch try UnixSocket.receive(from: socket.number) {
            case .bytes(let bytes, _): buffer += bytes
            case .closed: return nil
            case .wouldBlock: try wait(Int16(POLLIN), seconds)
            }
        }
    }

    /// The next line as a value, nil at the end of the connection.
    package func message(seconds: Double = 20) throws -> JSONValue? {
        try line(seconds: seconds).map { try JSONValue(parsing: $0) }
    }

    /// Sends a request and gives its response, passing over notifications.
    package func call(
        _ method: String, _ parameters: JSONValue? = nil, id: RPCIdentifier = .integer(1), seconds: Double = 20
    ) throws -> JSONValue? {
        try send(RPCMessage.request(id: id, method: method, parameters: parameters).line)
        while let message = try message(seconds: seconds) {
            if message["method"] == nil { return message }
        }
        return nil
    }

    /// Everything up to the end of the connection.
    package func rest(seconds: Double = 20) throws -> String {
        while true {
            switch try UnixSocket.receive(from: socket.number) {
            case .bytes(let bytes, _): buffer += bytes
            case .closed:
                defer { position = buffer.count }
                return String(decoding: buffer[position...], as: UTF8.self)
            case .wouldBlock: try wait(Int16(POLLIN), seconds)
            }
        }
    }

    package func finishSending() { shutdown(socket.number, Int32(SHUT_WR)) }
}
