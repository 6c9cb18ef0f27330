import Glibc

/// Where text goes: a descriptor in a program, an array in tests.
package protocol TextSink: AnyObject {
    /// Writes all of `text` at once; false when nobody reads any more.
    @discardableResult
    func write(_ text: String) -> Bool
}

/// Writes to a descriptor without buffering, so that every line is there at once.
package final class DescriptorSink: TextSink {
    private let descriptor: Int32

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    @discardableResult
    package func write(_ text: String) -> Bool {
        var remaining = Array(text.utf8)[...]
        while !remaining.isEmpty {
            let written = Glibc.write(descriptor, Array(remaining), remaining.count)
            if written > 0 {
                remaining = remaining.dropFirst(written)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// Keeps what was written, for tests.
package final class MemorySink: TextSink {
    package private(set) var text = ""

    package init() {}

    @discardableResult
    package func write(_ text: String) -> Bool {
        self.text += text
        return true
    }
}
