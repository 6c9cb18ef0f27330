package import Foundation

/// A program on a pseudo-terminal of its own, as a person sits at it.
package final class PseudoTerminal {
    private let controller: Int32
    private let process = Process()
    /// Everything that came to the screen, with its control sequences.
    package private(set) var shown = ""
    private var position: String.Index

    package struct Failure: Error, CustomStringConvertible { package let description: String }

    package init(
        _ program: URL, _ arguments: [String], environment: [String: String], columns: UInt16 = 80, rows: UInt16 = 24
    ) throws {
        controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        position = shown.startIndex
        // What unlockpt and ptsname do; Glibc's module does not offer them.
        let (unlock, askNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var locked: Int32 = 0
        var number: UInt32 = 0
        guard controller >= 0, ioctl(controller, unlock, &locked) == 0, ioctl(controller, askNumber, &number) == 0
        else { throw Failure(description: "there is no pseudo-terminal") }
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        resize(columns: columns, rows: rows)
        // Keys like Ctrl-C become signals only for whoever has the terminal as its own.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["--ctty", "--wait", program.path] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "TERM": "xterm", "LC_ALL": "C.UTF-8"].merging(environment) {
            $1
        }
        process.currentDirectoryURL = Checkout.root
        let handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        try handle.close()
    }

    deinit {
        if process.isRunning {
            // The children of setsid end as the terminal goes away.
            process.terminate()
        }
        close(controller)
    }

    package func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(controller, UInt(TIOCSWINSZ), &size)
    }

    /// Types text; `\u{3}` is Ctrl-C, `\u{4}` Ctrl-D.
    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(controller, bytes, bytes.count)
    }

    /// Waits until `text` comes to the screen, after what was waited for before.
    package func expect(_ text: String, seconds: Double = 30) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while true {
            if let range = shown.range(of: text, range: position..<shown.endIndex) {
                position = range.upperBound
                return
            }
            guard Date() < deadline, readMore(milliseconds: 100) else {
                throw Failure(description: "waited for \(text.debugDescription), saw \(shown.debugDescription)")
            }
        }
    }

    /// The exit status, after everything was read.
    package func exitStatus(seconds: Double = 30) throws -> Int32 {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning || readMore(milliseconds: 0, reportsData: true) {
            guard Date() < deadline else { throw Failure(description: "still running; saw \(shown.debugDescription)") }
            _ = readMore(milliseconds: 20)
        }
        return process.terminationStatus
    }

    /// Whether the terminal echoes and hands over whole lines, as a shell left it.
    package var isInLineMode: Bool {
        var mode = termios()
        return tcgetattr(controller, &mode) == 0 && mode.c_lflag & tcflag_t(ICANON | ECHO) == tcflag_t(ICANON | ECHO)
    }

    /// - Returns: whether the program is still there, or with `reportsData` whether something came
    private func readMore(milliseconds: Int32, reportsData: Bool = false) -> Bool {
        var waiting = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return !reportsData }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(controller, &bytes, bytes.count)
        guard count > 0 else { return false }
        let offset = shown.distance(from: shown.startIndex, to: position)
        shown += String(decoding: bytes[..<count], as: UTF8.self)
        position = shown.index(shown.startIndex, offsetBy: offset)
        return true
    }
}
