import Glibc
import LinuxSystem
import Synchronization

/// Messages from compute threads to the event loop's thread; its descriptor is readable while there are any.
final class LoopMailbox<Message: Sendable>: Sendable {
    let descriptor: FileDescriptor
    private let signal: FileDescriptor
    private let messages = Mutex<[Message]>([])

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = FileDescriptor(owning: ends[0])
        signal = FileDescriptor(owning: ends[1])
    }

    func send(_ message: Message) {
        messages.withLock { $0.append(message) }
        // A full pipe is readable already, so a byte that does not fit is not missed.
        var byte: UInt8 = 1
        _ = write(signal.number, &byte, 1)
    }

    /// Everything that has come, in order.
    func take() -> [Message] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // Read first: a message added afterwards makes the pipe readable again.
        _ = read(descriptor.number, &bytes, bytes.count)
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
