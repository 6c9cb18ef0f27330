import Glibc

/// A system call that failed, with what it was applied to.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name as its manual page has it, for example `open`.
    package let call: String
    /// The file, socket or program it was applied to.
    package let subject: String?
    /// The value of `errno`.
    package let code: Int32

    package init(_ call: String, _ subject: String? = nil, code: Int32 = errno) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
    package var isNotFound: Bool { code == ENOENT || code == ENOTDIR }
    /// Whether the other end of a pipe or socket was closed.
    package var isReaderGone: Bool { code == EPIPE }
    package var isPermission: Bool { code == EACCES || code == EPERM || code == EROFS }

    package var description: String {
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return subject.map { "\($0): \(reason) (\(call))" } ?? "\(reason) (\(call))"
    }
}

/// Repeats a call that a signal interrupted, and turns -1 into a `SystemError`.
@discardableResult
package func checking(_ call: String, _ subject: String? = nil, _ body: () -> Int) throws(SystemError) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(call, subject, code: code) }
    }
}
