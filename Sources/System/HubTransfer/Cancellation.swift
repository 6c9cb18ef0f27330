import Glibc
package import LinuxSystem
import Synchronization

/// Lets one thread stop what others do, also while they wait.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    /// Readable from the moment of the cancellation on.
    private let readingEnd: FileDescriptor
    private let writingEnd: FileDescriptor

    package init() throws(SystemError) {
        var numbers: [Int32] = [0, 0]
        guard pipe(&numbers) == 0 else { throw SystemError("pipe") }
        for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        readingEnd = FileDescriptor(owning: numbers[0])
        writingEnd = FileDescriptor(owning: numbers[1])
    }

    package var isCancelled: Bool { flag.load(ordering: .relaxed) }

    package func cancel() {
        guard !flag.exchange(true, ordering: .relaxed) else { return }
        var byte: UInt8 = 1
        _ = write(writingEnd.number, &byte, 1)
    }

    package func check() throws {
        if isCancelled { throw HubError.cancelled }
    }

    /// Waits so many seconds.
    package func wait(seconds: Double) throws {
        let deadline = MonotonicClock.seconds + seconds
        while !isCancelled {
            let left = deadline - MonotonicClock.seconds
            if left <= 0 { return }
            var descriptor = pollfd(fd: readingEnd.number, events: Int16(POLLIN), revents: 0)
            _ = poll(&descriptor, 1, Int32(min(left * 1000, 3_600_000)) + 1)
        }
        throw HubError.cancelled
    }
}
