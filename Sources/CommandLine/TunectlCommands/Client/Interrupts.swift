import Glibc
import Synchronization
import TerminalOutput

/// Turns signals into something a wait can see, without losing one that comes just before the wait.
///
/// The handler writes the signal's number to a pipe; every wait watches the pipe beside its own descriptor.
package final class Interrupts: Sendable {
    package enum Outcome: Sendable {
        case readable, interrupted, timedOut
        /// The window has another size, the process goes on after a stop, or it shall end; only for waits that ask.
        case resized, continued, terminated
    }

    /// The pipe's writing end for the handler, which cannot carry a context; -1 before `install`. Written once, and an
    /// atomic is what a handler may read.
    private static let writingEnd = Atomic<Int32>(-1)

    /// Whether the process was told to end; every later wait that asks hears it again. Only ever set, and only a flag.
    private let isTerminated = Atomic<Bool>(false)
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
        catchSignals([SIGINT])
        // A reader that goes away is seen as a failed write, not as a signal.
        signal(SIGPIPE, SIG_IGN)
        return Interrupts(readingEnd: ends[0])
    }

    /// Catches the signals that concern a program which has changed the terminal's modes.
    package func catchTerminalSignals() {
        Self.catchSignals([SIGWINCH, SIGCONT, SIGTERM, SIGHUP])
    }

    private static func catchSignals(_ signals: [Int32]) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = Glibc.write(Interrupts.writingEnd.load(ordering: .acquiring), &byte, 1)
            errno = saved
        }
        var caught = sigset_t()
        sigemptyset(&caught)
        for number in signals {
            sigaction(number, &action, nil)
            sigaddset(&caught, number)
        }
        // A parent may have left them blocked, as threads of a pool do.
        pthread_sigmask(SIG_UNBLOCK, &caught, nil)
    }

    /// Waits until `descriptor` can be read, an interrupt comes (which this takes) or the time is over.
    ///
    /// - Parameter reportsAll: whether the wait also ends with `.resized`, `.continued` and `.terminated`; otherwise
    ///   termination is an interrupt and the other two go unnoticed
    package func wait(for descriptor: Int32, timeout seconds: Double?, reportsAll: Bool = false) throws -> Outcome {
        let clock = ContinuousClock()
        let deadline = seconds.map { clock.now + .seconds(min(max($0, 0), 86_400)) }
        while true {
            if reportsAll, isTerminated.load(ordering: .relaxed) { return .terminated }
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: readingEnd, events: Int16(POLLIN), revents: 0),
            ]
            let left = deadline.map { max(.zero, $0 - clock.now) }
            // Rounded up, so that the last millisecond is not spent turning round.
            let milliseconds = left.map { Int32(($0 / .milliseconds(1)).rounded(.up)) } ?? -1
            let count = poll(&descriptors, 2, milliseconds)
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(kind: "internal", message: "poll failed with errno \(errno)")
            }
            if descriptors[1].revents & Int16(POLLIN) != 0 {
                if let outcome = outcome(of: takeAll(), reportsAll: reportsAll) { return outcome }
                continue
            }
            return count == 0 ? .timedOut : .readable
        }
    }

    /// What the strongest of several signals means to a wait.
    private func outcome(of signals: [UInt8], reportsAll: Bool) -> Outcome? {
        func contains(_ number: Int32) -> Bool { signals.contains(UInt8(truncatingIfNeeded: number)) }
        if contains(SIGTERM) || contains(SIGHUP) {
            isTerminated.store(true, ordering: .relaxed)
            return reportsAll ? .terminated : .interrupted
        }
        if contains(SIGINT) { return .interrupted }
        guard reportsAll else { return nil }
        return contains(SIGCONT) ? .continued : contains(SIGWINCH) ? .resized : nil
    }

    /// Waits for a time; an interrupt ends it with a failure.
    package func pause(seconds: Double) throws {
        if try wait(for: -1, timeout: seconds) == .interrupted { throw CommandFailure.interrupted }
    }

    private func takeAll() -> [UInt8] {
        var taken: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 64)
        while true {
            let count = read(readingEnd, &bytes, bytes.count)
            guard count > 0 else { return taken }
            taken += bytes[..<count]
        }
    }
}
