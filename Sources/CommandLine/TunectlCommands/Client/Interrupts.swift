import Glibc
import Synchronization
import TerminalOutput

/// Turns Ctrl-C into something a wait can see, without losing one that comes just before the wait.
///
/// The handler writes one byte to a pipe; every wait watches the pipe beside its own descriptor.
package final class Interrupts: Sendable {
    package enum Outcome: Sendable {
        case readable, interrupted, timedOut
    }

    /// The pipe's writing end for the handler, which cannot carry a context; -1 before `install`.
    private static let writingEnd = Atomic<Int32>(-1)

    private let readingEnd: Int32

    private init(readingEnd: Int32) {
        self.readingEnd = readingEnd
    }

    /// Never interrupted, for tests.
    package static let none = Interrupts(readingEnd: -1)

    /// Catches SIGINT from now on; called once, at the start of the program.
    package static func install() -> Interrupts {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return none }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        writingEnd.store(ends[1], ordering: .releasing)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            let saved = errno
            _ = Glibc.write(Interrupts.writingEnd.load(ordering: .acquiring), "i", 1)
            errno = saved
        }
        sigaction(SIGINT, &action, nil)
        // A reader that goes away is seen as a failed write, not as a signal.
        signal(SIGPIPE, SIG_IGN)
        return Interrupts(readingEnd: ends[0])
    }

    /// Waits until `descriptor` can be read, an interrupt comes (which this takes) or the time is over.
    package func wait(for descriptor: Int32, timeout seconds: Double?) throws -> Outcome {
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: readingEnd, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = seconds.map { Int32(min(max($0, 0), 86_400) * 1000) } ?? -1
        while true {
            let count = poll(&descriptors, 2, milliseconds)
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(kind: "internal", message: "poll failed with errno \(errno)")
            }
            if descriptors[1].revents & Int16(POLLIN) != 0 {
                takeAll()
                return .interrupted
            }
            return count == 0 ? .timedOut : .readable
        }
    }

    /// Waits for a time; an interrupt ends it with a failure.
    package func pause(seconds: Double) throws {
        if try wait(for: -1, timeout: seconds) == .interrupted { throw CommandFailure.interrupted }
    }

    private func takeAll() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readingEnd, &bytes, bytes.count) > 0 {}
    }
}
