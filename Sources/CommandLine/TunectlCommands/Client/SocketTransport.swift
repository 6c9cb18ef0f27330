import Glibc
package import LinuxSystem

/// Lines over a Unix stream socket.
package final class SocketTransport: ServiceTransport {
    /// The protocol's largest message; a peer that sends more is not our daemon.
    private static let longestMessage = 16 << 20

    private let descriptor: FileDescriptor
    private let interrupts: Interrupts
    /// The program at the other end, if it was started for this connection; it ends with it.
    private let program: ChildProcess?
    private var buffer: [UInt8] = []
    private var searched = 0

    /// Who listens is the service itself, or a manager that opened the socket for it; only one's own is certain.
    package var mayBeOfAnotherUser: Bool { (try? UnixSocket.peer(of: descriptor.number).user) != geteuid() }

    /// Takes over a connected socket and closes it at the end.
    package init(descriptor: consuming FileDescriptor, interrupts: Interrupts, program: ChildProcess? = nil) {
        self.descriptor = descriptor
        self.program = program
        self.interrupts = interrupts
    }

    /// Connects to the daemon, waiting up to `patience` seconds for its socket to appear and accept.
    package static func connect(path: String, patience: Double, interrupts: Interrupts) throws -> SocketTransport {
        let pause = 0.05
        var waited = 0.0
        while true {
            let code: Int32
            do {
                return SocketTransport(descriptor: try UnixSocket.connect(to: path), interrupts: interrupts)
            } catch let error as SystemError {
                code = error.code
            }
            if code == EACCES || code == EPERM {
                throw CommandFailure(
                    kind: "permission", message: "the socket \(path) may not be opened: \(text(of: code))",
                    hint: "join the socket's group, or run as its owner")
            }
            guard waited < patience else {
                throw CommandFailure(
                    kind: "unreachable", message: "no daemon answers at \(path): \(text(of: code))",
                    hint: "start it with finetuned --socket \(path), or name another socket with --socket")
            }
            try interrupts.pause(seconds: pause)
            waited += pause
        }
    }

    private static func text(of code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    package func send(_ line: String, passing descriptors: [Int32]) throws {
        var unsent = descriptors
        var remaining = Array(line.utf8 + [0x0A])[...]
        while !remaining.isEmpty {
            do {
                // The socket blocks, so that something is sent at every turn.
                guard let count = try UnixSocket.send(remaining, to: descriptor.number, passing: unsent) else {
                    continue
                }
                unsent = []
                remaining = remaining.dropFirst(count)
            } catch {
                throw CommandFailure(
                    kind: "unreachable", message: "the daemon closed the connection: \(Self.text(of: error.code))")
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
            switch try interrupts.wait(for: descriptor.number, timeout: timeout) {
            case .interrupted: return .interrupted
            case .timedOut: return .timedOut
            case .readable, .resized, .continued, .terminated: break
            }
            switch try UnixSocket.receive(from: descriptor.number) {
            case .closed: return .closed
            case .wouldBlock: continue
            case .bytes(let bytes, let descriptors):
                // A daemon passes no descriptors to its clients; what came anyway is not kept open.
                for number in descriptors { _ = FileDescriptor(owning: number) }
                buffer += bytes
            }
        }
    }
}
