import Glibc
package import LinuxSystem

/// Where text goes: a descriptor in a program, an array in tests.
package protocol TextSink: AnyObject {
    /// Writes all of `text` at once; false when it could not, now or before.
    @discardableResult
    func write(_ text: String) -> Bool
    /// The first failure, after which nothing more is written: a gap must not look like the whole.
    var failure: SystemError? { get }
    /// Ends the output; what a file system tells only now becomes `failure`.
    func finish()
}

extension TextSink {
    package func finish() {}
}

/// Writes to a descriptor without buffering, so that every line is there at once.
package final class DescriptorSink: TextSink {
    private let descriptor: Int32
    package private(set) var failure: SystemError?

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    @discardableResult
    package func write(_ text: String) -> Bool {
        guard failure == nil else { return false }
        do {
            try StandardDescriptors.write(text, to: descriptor)
        } catch {
            failure = error
        }
        return failure == nil
    }

    package func finish() {
        // A file system over a network may keep what is written to itself until then.
        if failure == nil, close(descriptor) < 0, errno != EINTR { failure = SystemError("close") }
    }
}

/// Keeps what was written, for tests.
package final class MemorySink: TextSink {
    package private(set) var text = ""
    package private(set) var failure: SystemError?
    /// How many bytes it takes before it fails as a full disk does.
    private let capacity: Int

    package init(capacity: Int = .max) {
        self.capacity = capacity
    }

    @discardableResult
    package func write(_ text: String) -> Bool {
        guard failure == nil, self.text.utf8.count + text.utf8.count <= capacity else {
            failure = failure ?? SystemError("write", code: ENOSPC)
            return false
        }
        self.text += text
        return true
    }
}
