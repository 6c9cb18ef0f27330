import Glibc
import LinuxSystem
import Synchronization

/// Lines on standard error that never make the process wait: what nobody reads is left out, and counted.
enum StandardErrorLog {
    /// The longest line. A pipe that poll(2) calls writable takes as much at once (PIPE_BUF, pipe(7)).
    private static let mostBytes = 4096
    private static let lost = Atomic(0)  // Taken and added to in one step each, so no line is counted twice.

    static func write(_ line: String) {
        let before = lost.exchange(0, ordering: .relaxed)
        let note = before == 0 ? "" : "warning: nobody read the log, lines are missing count=\(before)\n"
        guard send(Array((note + line).utf8)) else {
            lost.add(before + 1, ordering: .relaxed)
            return
        }
    }

    private static func send(_ line: [UInt8]) -> Bool {
        var waiting = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&waiting, 1, 0) != 0 else { return false }
        let output = FileDescriptor(owning: STDERR_FILENO)
        // Fails with EAGAIN where whoever started the process made it non-blocking, and when its reader is gone.
        let isWritten: Void? = try? output.writeAll(
            line.count <= mostBytes ? line : line[..<(mostBytes - 1)] + [UInt8(ascii: "\n")])
        _ = output.release()
        return isWritten != nil
    }
}
