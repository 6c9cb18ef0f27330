import JSONDocuments
import LinuxSystem
import TerminalOutput

/// Shows how far a transfer is, on stderr: a bar on a terminal, a line now and then elsewhere.
final class TransferDisplay {
    /// Plain lines come at most this often.
    private static let pause = Duration.seconds(5)
    /// The rate is that of about so many seconds.
    private static let window = 4.0

    private let context: CommandContext
    private let title: String
    private let line: StatusLine?
    private let isSilent: Bool
    private let clock = ContinuousClock()
    private var lastLine: ContinuousClock.Instant?
    private var lastBytes: (count: Int, at: ContinuousClock.Instant)?
    private var rate = 0.0

    init(_ context: CommandContext, title: String) {
        self.context = context
        self.title = title
        let environment = EnvironmentVariables(context.environment)
        isSilent = context.isQuiet || environment.isOn("HF_HUB_DISABLE_PROGRESS_BARS")
        line =
            context.errorTerminal.isTerminal && !isSilent && !context.isPlain
            ? StatusLine(
                sink: context.errors, usesUTF8: context.errorTerminal.usesUTF8, columns: context.terminalColumns)
            : nil
    }

    func show(_ value: JSONValue) {
        guard !isSilent, let state = State(value) else { return }
        measure(state)
        if let line {
            line.show { [self] in text(state, columns: $0) }
        } else {
            let now = clock.now
            if let lastLine, now - lastLine < Self.pause { return }
            lastLine = now
            context.errors.write(TextColumns.printable(text(state, columns: nil)) + "\n")
        }
    }

    func finish() { line?.clear() }

    private func measure(_ state: State) {
        let now = clock.now
        defer { lastBytes = (state.bytesDone, now) }
        guard let last = lastBytes, state.bytesDone >= last.count else { return }
        let seconds = (now - last.at) / .seconds(1)
        guard seconds > 0 else { return }
        let share = min(1, seconds / Self.window)
        rate += (Double(state.bytesDone - last.count) / seconds - rate) * share
    }

    private func text(_ state: State, columns: Int?) -> String {
        var parts = ["\(title): \(state.phase)"]
        if state.bytes > 0 {
            let fraction = Double(state.bytesDone) / Double(state.bytes)
            if let columns {
                let width = min(24, columns / 4)
                parts.append(
                    ProgressBar.render(fraction: fraction, width: width, utf8: context.errorTerminal.usesUTF8))
            }
            parts.append("\(Int((min(max(fraction, 0), 1) * 100).rounded(.down))) %")
            parts.append(
                "\(ReadableNumbers.bytes(Int64(state.bytesDone))) of \(ReadableNumbers.bytes(Int64(state.bytes)))")
            if rate >= 1, state.phase != "committing" {
                parts.append("\(ReadableNumbers.bytes(Int64(rate)))/s")
                let left = Double(max(0, state.bytes - state.bytesDone)) / rate
                parts.append("\(ReadableNumbers.duration(seconds: left)) left")
            }
        }
        if state.files > 1 { parts.append("\(state.filesDone)/\(state.files) files") }
        return parts.joined(separator: "  ")
    }

    /// The `value` of a `$/progress`.
    private struct State {
        let phase: String
        let files: Int
        let filesDone: Int
        let bytes: Int
        let bytesDone: Int

        init?(_ value: JSONValue) {
            guard let phase = value["phase"]?.string else { return nil }
            func number(_ name: String) -> Int { value[name]?.integer.map { Int($0) } ?? 0 }
            self.phase = phase
            (files, filesDone) = (number("files"), number("files_done"))
            (bytes, bytesDone) = (number("bytes"), number("bytes_done"))
        }
    }
}
