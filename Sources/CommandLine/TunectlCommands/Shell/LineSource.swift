import Glibc
import LinuxSystem
import ServiceAPI
import TerminalOutput

/// Lines of standard input.
package protocol LineSource: AnyObject {
    /// Whether a person types them.
    var isTerminal: Bool { get }
    /// The next line without its end; nil at the end of input.
    ///
    /// - Throws: `CommandFailure` for a line that is no text, behind which the next call goes on; and one that
    ///   `endsScripts` when interrupted or when nothing can be read.
    func nextLine() throws -> String?
}

extension LineSource {
    /// Everything up to the end of input.
    func remainingText() throws -> String {
        var lines: [String] = []
        while let line = try nextLine() { lines.append(line) }
        return lines.joined(separator: "\n")
    }
}

/// Reads lines from a descriptor; an interrupt ends the wait.
package final class DescriptorLineSource: LineSource {
    /// As much as one protocol message may have; a longer line is refused instead of filling the memory.
    private static let longestLine = 16 << 20

    private let descriptor: Int32
    private let interrupts: Interrupts
    private var buffer: [UInt8] = []
    private var consumed = 0
    private var isAtEnd = false
    /// How many lines were taken.
    private var lines = 0
    /// Whether the beginning of the next line is lost because the line is too long.
    private var isTooLong = false

    package init(descriptor: Int32, interrupts: Interrupts) {
        self.descriptor = descriptor
        self.interrupts = interrupts
    }

    package var isTerminal: Bool { isatty(descriptor) == 1 }

    package func nextLine() throws -> String? {
        var searched = consumed
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { consumed = end + 1 }
                return try text(consumed..<end)
            }
            searched = buffer.count
            if isAtEnd {
                guard consumed < buffer.count else { return nil }
                defer { consumed = buffer.count }
                return try text(consumed..<buffer.count)
            }
            if buffer.count - consumed > Self.longestLine {
                isTooLong = true
                consumed = buffer.count
            }
            searched -= consumed
            buffer.removeFirst(consumed)
            consumed = 0
            try fill()
        }
    }

    /// A line that is taken, whatever it is, so that the next call gives the next one.
    private func text(_ range: Range<Int>) throws -> String {
        lines += 1
        if isTooLong {
            isTooLong = false
            throw CommandFailure(
                kind: ErrorKind.badData.rawValue,
                message: "line \(lines) of the input is longer than \(Self.longestLine) bytes")
        }
        var bytes = buffer[range]
        if bytes.last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(
                kind: ErrorKind.badData.rawValue, message: "line \(lines) of the input is not valid UTF-8")
        }
        return text
    }

    private func fill() throws {
        guard try interrupts.wait(for: descriptor, timeout: nil) == .readable else { throw CommandFailure.interrupted }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &chunk, chunk.count)
        if count > 0 {
            if lines == 0, buffer.isEmpty, !isTooLong,
                let name = TextEncoding.foreignName(of: chunk.span.extracting(0..<count))
            {
                throw CommandFailure(
                    kind: ErrorKind.inputOutput.rawValue,
                    message: "standard input cannot be read: \(TextEncoding.Failure.foreign(name))", exitCode: .noInput)
            }
            buffer += chunk[..<count]
        } else if count == 0 {
            isAtEnd = true
        } else if errno != EINTR, errno != EAGAIN {
            throw CommandFailure(input: SystemError("read"))
        }
    }
}

extension String {
    /// The text without the mark that some editors put at the beginning of a file.
    var withoutByteOrderMark: String {
        unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
    }
}

/// Lines from an array, for tests.
package final class MemoryLineSource: LineSource {
    package let isTerminal: Bool
    private var lines: ArraySlice<String>

    package init(_ lines: [String], isTerminal: Bool = false) {
        self.lines = lines[...]
        self.isTerminal = isTerminal
    }

    package func nextLine() throws -> String? {
        lines.popFirst()
    }
}
