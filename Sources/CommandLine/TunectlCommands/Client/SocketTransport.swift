import Glibc

/// Lines over a Unix stream socket.
package final class SocketTransport: ServiceTransport {
    /// The protocol's largest message; a peer that sends more is not our daemon.
    private static let longestMessage = 16 << 20

    private let descriptor: Int32
    private let interrupts: Interrupts
    private var buffer: [UInt8] = []
    private var searched = 0

    /// Takes over a connected socket and closes it at the end.
    package init(descriptor: Int32, interrupts: Interrupts) {
        self.descriptor = descriptor
        self.interrupts = interrupts
    }

    deinit {
        close(descriptor)
    }

    /// Connects to the daemon, waiting up to `patience` seconds for its socket to appear and accept.
    package static func connect(path: String, patience: Double, interrupts: Interrupts) throws -> SocketTransport {
        let pause = 0.05
        var waited = 0.0
        while true {
            let reason = attempt(path)
            switch reason {
            case .connected(let descriptor): return SocketTransport(descriptor: descriptor, interrupts: interrupts)
            case .failed(let code) where code == EACCES || code == EPERM:
                throw CommandFailure(
                    kind: "permission", message: "the socket \(path) may not be opened: \(text(of: code))",
                    hint: "join the socket's group, or run as its owner")
            case .failed(let code):
                guard waited < patience else {
                    throw CommandFailure(
                        kind: "unreachable", message: "no daemon answers at \(path): \(text(of: code))",
                        hint: "start it with finetuned --socket \(path), or name another socket with --socket")
                }
                guard try interrupts.wait(for: -1, timeout: pause) != .interrupted else {
                    throw CommandFailure.interrupted
                }
                waited += pause
            }
        }
    }

    private enum Attempt {
        case connected(Int32)
        case failed(Int32)
    }

    private static func attempt(_ path: String) -> Attempt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failed(errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // The length was checked when the path was chosen; what is left of the field stays zero.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard result != 0 else { return .connected(descriptor) }
        let code = errno
        close(descriptor)
        return .failed(code)
    }

    private static func text(of code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    package func send(_ line: String) throws {
        var remaining = Array(line.utf8 + [0x0A])[...]
        while !remaining.isEmpty {
            let count = Glibc.send(descriptor, Array(remaining), remaining.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                remaining = remaining.dropFirst(count)
            } else if errno != EINTR {
                throw CommandFailure(
                    kind: "unreachable", message: "the daemon closed the connection: \(Self.text(of: errno))")
            }
        }
    }

    package func receive(timeout: Double?) throws -> Received {
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                searched = 0
                return .line(line)
            }
            searched = buffer.count
            guard buffer.count <= Self.longestMessage else {
                throw CommandFailure(
                    kind: "internal", message: "the daemon sent a message of over \(Self.longestMessage) bytes")
            }
            switch try interrupts.wait(for: descriptor, timeout: timeout) {
            case .interrupted: return .interrupted
            case .timedOut: return .timedOut
            case .readable: break
            }
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                buffer += chunk[..<count]
            } else if count == 0 {
                return .closed
            } else if errno != EINTR, errno != EAGAIN {
                return .closed
            }
        }
    }
}
