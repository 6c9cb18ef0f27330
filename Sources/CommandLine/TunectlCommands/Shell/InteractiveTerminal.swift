import Glibc
package import REPL
import TerminalOutput

/// A person's keyboard and screen, as far as commands take hold of them.
package protocol InteractiveTerminal: AnyObject {
    /// An editor of lines; nil where the terminal cannot move its cursor.
    func lineEditor(completing: @escaping (String) -> Completion) -> (any LineEditor)?
    /// Lets the person change `text` in an editor of their choice.
    func edit(_ text: String, environment: [String: String]) throws -> String
    /// Takes the whole screen while `body` runs, and gives it back however it ends.
    func withScreen(_ body: (any Screen) throws -> ExitCode) throws -> ExitCode
}

/// A screen that is drawn as a whole.
package protocol Screen: AnyObject {
    var columns: Int { get }
    var rows: Int { get }
    func draw(_ lines: [String])
    /// Waits for a key, a signal or the end of the time.
    func wait(seconds: Double) throws -> ScreenEvent
}

/// What a wait at a screen ends with.
package enum ScreenEvent: Equatable, Sendable {
    case key(UInt8), redraw, timedOut, interrupted, terminated
}

/// The terminal of this process.
final class ProcessTerminal: InteractiveTerminal {
    private let interrupts: Interrupts
    private let drawsOnOutput: Bool

    /// - Returns: nil when nobody sits at standard input, or the terminal cannot move its cursor
    init?(interrupts: Interrupts, environment: [String: String]) {
        guard isatty(0) == 1, isatty(2) == 1 || isatty(1) == 1, environment["TERM"] != "dumb",
            environment["TERM"]?.isEmpty == false
        else { return nil }
        self.interrupts = interrupts
        drawsOnOutput = isatty(2) != 1
    }

    func lineEditor(completing complete: @escaping (String) -> Completion) -> (any LineEditor)? {
        interrupts.catchTerminalSignals()
        let descriptor: Int32 = drawsOnOutput ? 1 : 2
        let sink = DescriptorSink(descriptor: descriptor)
        return TerminalLineEditor(
            program: "tunectl", drawsOnOutput: drawsOnOutput,
            columns: { TerminalProperties.columns(of: descriptor) }, show: { sink.write($0) },
            waitForKeyboard: { [interrupts] in
                switch try? interrupts.wait(for: 0, timeout: nil, reportsAll: true) {
                case .readable, .timedOut: .readable
                case .interrupted: .interrupted
                case .resized: .resized
                case .continued: .continued
                case .terminated, nil: .ended
                }
            }, complete: complete)
    }

    func edit(_ text: String, environment: [String: String]) throws -> String {
        try ExternalEditor.edit(text, environment: environment)
    }

    func withScreen(_ body: (any Screen) throws -> ExitCode) throws -> ExitCode {
        interrupts.catchTerminalSignals()
        let screen = TerminalScreen(interrupts: interrupts)
        screen.enter()
        defer { screen.leave() }
        return try body(screen)
    }
}

/// The alternate screen of the terminal at standard output.
private final class TerminalScreen: Screen {
    private let interrupts: Interrupts
    private let sink = DescriptorSink(descriptor: 1)
    private var saved = termios()

    init(interrupts: Interrupts) {
        self.interrupts = interrupts
    }

    /// Alternate screen, no cursor; keys come at once and are not echoed. Ctrl-C stays a signal.
    func enter() {
        tcgetattr(0, &saved)
        enterKeyMode()
        sink.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    private func enterKeyMode() {
        var mode = saved
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(0, TCSADRAIN, &mode)
    }

    func leave() {
        sink.write("\u{1B}[?25h\u{1B}[?1049l")
        tcsetattr(0, TCSADRAIN, &saved)
    }

    var columns: Int { TerminalProperties.columns(of: 1) }
    var rows: Int { TerminalProperties.rows(of: 1) }

    /// Draws from the top, clearing what is left of each line, so that nothing flickers.
    func draw(_ lines: [String]) {
        let text = lines.prefix(rows).map { $0 + "\u{1B}[K" }.joined(separator: "\n")
        sink.write("\u{1B}[H" + text + "\u{1B}[J")
    }

    func wait(seconds: Double) throws -> ScreenEvent {
        switch try interrupts.wait(for: 0, timeout: seconds, reportsAll: true) {
        case .timedOut: return .timedOut
        case .interrupted: return .interrupted
        case .terminated: return .terminated
        case .resized: return .redraw
        case .continued:
            enterKeyMode()
            sink.write("\u{1B}[?1049h\u{1B}[?25l")
            return .redraw
        case .readable:
            var byte: UInt8 = 0
            return read(0, &byte, 1) == 1 ? .key(byte) : .terminated
        }
    }
}
