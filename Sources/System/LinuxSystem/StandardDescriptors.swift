import CLinuxShims
import Glibc

/// The descriptors 0, 1 and 2, which every program takes for its input, its output and its talk.
package enum StandardDescriptors {
    /// Takes the numbers that the caller left closed, so that no file, pipe or socket of this program becomes one of
    /// them. Reading and writing them fails with `EBADF` as before.
    ///
    /// To be called before anything else opens a descriptor.
    package static func reserve() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // A path alone can neither be read nor written. It gets the lowest free number, which is this one.
            _ = open("/", linux_path_only)
        }
    }

    /// Writes `text` to standard output for a program that does nothing else.
    ///
    /// - Returns: the exit status: 0, or 73 after telling why the text is not there; a reader that left is no failure
    package static func answer(_ text: String, of program: String) -> Int32 {
        do {
            try write(text, to: STDOUT_FILENO)
            // A file system over a network may keep what is written to itself until then.
            try checking("close") { Int(close(STDOUT_FILENO)) }
        } catch {
            if error.isReaderGone { return 0 }
            try? write("\(program): standard output cannot be written: \(error)\n", to: STDERR_FILENO)
            return 73
        }
        return 0
    }

    /// Writes all of `text`, also where another process has made the descriptor non-blocking.
    package static func write(_ text: String, to number: Int32) throws(SystemError) {
        var remaining = Array(text.utf8)[...]
        while !remaining.isEmpty {
            do {
                remaining = remaining.dropFirst(
                    try checking("write") {
                        unsafe remaining.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
                    })
            } catch {
                guard error.code == EAGAIN else { throw error }
                var waiting = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            }
        }
    }
}
