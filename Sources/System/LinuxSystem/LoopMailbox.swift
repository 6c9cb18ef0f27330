import Glibc
import Synchronization

/// Messages from other threads to the event loop's thread; its descriptor is readable while there are any.
package final class LoopMailbox<Message: Sendable>: Sendable {
    package let descriptor: FileDescriptor
    private let signal: FileDescriptor
    private let messages = Mutex<[Message]>([])

    package init() throws(SystemError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = FileDescriptor(owning: ends[0])
        signal = FileDescriptor(owning: ends[1])
    }

    package func send(_ message: Message) {
        messages.withLock { $0.append(message) }
        // A full pipe is readable already, so a byte that does not fit is not missed. One that is lost otherwise would
        // leave the loop asleep.
        var byte: UInt8 = 1
        for _ in 0..<3 where write(signal.number, &byte, 1) == 1 || errno == EAGAIN { return }
    }

    /// Everything that has come, in order.
    package func take() -> [Message] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // Read first: a message added afterwards makes the pipe readable again.
        _ = read(descriptor.number, &bytes, bytes.count)
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
