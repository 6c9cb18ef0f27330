package import Foundation

/// Stands in for systemd's end of `NOTIFY_SOCKET` and keeps every message with the moment it came.
package final class NotifySocket {
    package let path: String
    private let descriptor: Int32
    package private(set) var messages: [(text: String, at: Date)] = []

    package init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// Takes what comes until `isEnough` or for `seconds`; the result is what `isEnough` said last.
    @discardableResult
    package func wait(seconds: Double, until isEnough: (NotifySocket) -> Bool = { _ in false }) -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            if isEnough(self) { return true }
            let left = deadline.timeIntervalSinceNow
            if left <= 0 { return false }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32(left * 1000) + 1) > 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { messages.append((String(decoding: buffer[..<count], as: UTF8.self), Date())) }
        }
    }

    /// The assignments of all messages, in their order.
    package var lines: [String] { messages.flatMap { $0.text.split(separator: "\n").map(String.init) } }

    package func contains(_ line: String) -> Bool { lines.contains(line) }

    /// Messages that hold `line` and came after `date`.
    package func count(_ line: String, after date: Date) -> Int {
        messages.count { $0.at > date && $0.text.split(separator: "\n").contains(Substring(line)) }
    }
}
