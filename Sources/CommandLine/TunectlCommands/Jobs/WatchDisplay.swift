import TerminalOutput

/// Shows a watched job: a status line on a terminal, plain lines elsewhere.
final class WatchDisplay {
    /// Plain lines come at most this often.
    private static let pause = Duration.seconds(5)

    private let context: CommandContext
    private let isSilent: Bool
    private let line: StatusLine?
    private let clock = ContinuousClock()
    private var lastLine: ContinuousClock.Instant?
    private var withheld: String?

    init(_ context: CommandContext, isSilent: Bool) {
        self.context = context
        self.isSilent = isSilent
        line =
            context.outputTerminal.isTerminal && !isSilent
            ? StatusLine(
                sink: context.output, usesUTF8: context.outputTerminal.usesUTF8, columns: context.terminalColumns)
            : nil
    }

    func show(_ job: WatchedJob, lines: [String]) {
        guard !isSilent else { return }
        if let line {
            if !lines.isEmpty { line.clear() }
            for text in lines { context.output.write(TextColumns.printable(text) + "\n") }
            line.show { job.statusLine(columns: $0, utf8: context.outputTerminal.usesUTF8) }
        } else {
            // What happened after a step comes after it.
            if !lines.isEmpty { tellWithheld() }
            for text in lines { context.output.write(TextColumns.printable(text) + "\n") }
            if job.hasNewStep { showPlain(job) }
        }
    }

    private func showPlain(_ job: WatchedJob) {
        let now = clock.now
        if let lastLine, now - lastLine < Self.pause, job.step != job.totalSteps {
            withheld = job.plainLine
            return
        }
        context.output.write(job.plainLine + "\n")
        lastLine = now
        withheld = nil
    }

    /// Leaves the last state standing.
    func finish() {
        tellWithheld()
        line?.keep()
    }

    private func tellWithheld() {
        if let withheld { context.output.write(withheld + "\n") }
        withheld = nil
    }
}
