import Glibc
import LinuxSystem
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 for tests: what it answers is a closure's, and it can answer badly on purpose.
///
/// It takes a bounded number of requests and ends with its object.
package final class LoopbackServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        /// Without the query, percent signs decoded.
        package let path: String
        /// Decoded fields of the query.
        package let query: [String: String]
        /// Names in small letters.
        package let headers: [String: String]
        package let body: [UInt8]

        package var token: String? {
            headers["authorization"].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
        }
    }

    package struct Reply: Sendable {
        package var status: Int
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]
        /// Close the connection after so many bytes of the body, of which all were announced.
        package var cutAfter: Int?
        /// Leave the length out and close the connection at the end.
        package var hidesLength = false

        package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    package let port: Int
    package var address: String { "http://127.0.0.1:\(port)" }
    private let listener: Int32
    private let handler: @Sendable (Request) -> Reply
    private let recorded = Mutex<[Request]>([])
    private let connections = Mutex<Set<Int32>>([])
    private let isClosed = Atomic<Bool>(false)
    private static let mostRequests = 20_000
    private static let longestBody = 64 << 20

    package init(_ handler: @escaping @Sendable (Request) -> Reply) throws {
        self.handler = handler
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listener = number
        guard number >= 0 else { throw SystemError("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(number, name, length) == 0 && listen(number, 64) == 0
                    && getsockname(number, name, &length) == 0
            }
        }
        guard status else {
            close(number)
            throw SystemError("bind")
        }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Accepts from now on.
    package func start() throws {
        let descriptor = listener
        try DedicatedThread.start("test-server", stackSize: 256 << 10) { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self, !self.isClosed.load(ordering: .relaxed) else {
                    if connection >= 0 { close(connection) }
                    return
                }
                self.connections.withLock { _ = $0.insert(connection) }
                try? DedicatedThread.start("test-exchange", stackSize: 512 << 10) { [weak self] in
                    self?.serve(connection)
                }
            }
        }
    }

    package func stop() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        // `accept` and every `recv` return.
        shutdown(listener, Int32(SHUT_RDWR))
        connections.withLock { for connection in $0 { shutdown(connection, Int32(SHUT_RDWR)) } }
    }

    deinit {
        stop()
        close(listener)
    }

    /// What was asked so far.
    package var requests: [Request] { recorded.withLock { $0 } }

    private func serve(_ connection: Int32) {
        defer {
            connections.withLock { _ = $0.remove(connection) }
            close(connection)
        }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var waiting: [UInt8] = []
        while !isClosed.load(ordering: .relaxed), let request = Self.read(connection, &waiting) {
            let count = recorded.withLock { requests in
                requests.append(request)
                return requests.count
            }
            guard count <= Self.mostRequests else { return }
            let reply = handler(request)
            guard Self.send(reply, to: connection, isHead: request.method == "HEAD") else { return }
        }
    }

    // MARK: - Reading

    private static func read(_ connection: Int32, _ waiting: inout [UInt8]) -> Request? {
        while true {
            if let end = endOfHeaders(waiting) {
                let lines = String(decoding: waiting[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
                waiting.removeFirst(end + 4)
                return request(lines, connection, &waiting)
            }
            guard waiting.count < 1 << 20, receive(connection, &waiting) else { return nil }
        }
    }

    private static func receive(_ connection: Int32, _ waiting: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        let count = recv(connection, &chunk, chunk.count, 0)
        if count > 0 { waiting += chunk[..<count] }
        return count > 0
    }

    private static func endOfHeaders(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == Array("\r\n\r\n".utf8) }
    }

    private static func request(_ lines: [String], _ connection: Int32, _ waiting: inout [UInt8]) -> Request? {
        let words = (lines.first ?? "").split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " }) }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard length <= longestBody else { return nil }
        while waiting.count < length {
            guard receive(connection, &waiting) else { return nil }
        }
        let body = Array(waiting[..<length])
        waiting.removeFirst(length)
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var query: [String: String] = [:]
        for field in (target.count > 1 ? target[1] : "").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            query[decoded(parts[0])] = parts.count > 1 ? decoded(parts[1]) : ""
        }
        return Request(method: words[0], path: decoded(target[0]), query: query, headers: headers, body: body)
    }

    private static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    // MARK: - Answering

    /// Whether the connection can be used on.
    private static func send(_ reply: Reply, to connection: Int32, isHead: Bool) -> Bool {
        var head = "HTTP/1.1 \(reply.status) Test\r\n"
        for header in reply.headers { head += "\(header.name): \(header.value)\r\n" }
        if reply.hidesLength {
            head += "Connection: close\r\n"
        } else if !reply.headers.contains(where: { $0.name.lowercased() == "content-length" }) {
            head += "Content-Length: \(reply.body.count)\r\n"
        }
        guard send(Array((head + "\r\n").utf8), connection) else { return false }
        if isHead { return true }
        let body = reply.cutAfter.map { Array(reply.body.prefix($0)) } ?? reply.body
        return send(body, connection) && reply.cutAfter == nil && !reply.hidesLength
    }

    private static func send(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(connection, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
