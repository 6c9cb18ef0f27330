import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let top = Command(
        "top", "show the queue, jobs, models, memory and cores live",
        options: [
            .flag("once", "print one snapshot and end"),
            .value("interval", "SECONDS", "between two looks, 1 by default"),
        ],
        details: """
            Without a terminal, and with --json or --plain, prints one snapshot. Keys: q leaves, any other looks at once.
            """
    ) { invocation, context in
        let interval = try invocation.value("interval").map { text in
            guard let seconds = Double(text), (0.1...3600).contains(seconds) else {
                throw CommandFailure.usage("--interval takes seconds from 0.1 to 3600, not `\(text)`")
            }
            return seconds
        }
        let isLive = context.outputTerminal.isTerminal && !invocation.has("once") && !context.wantsJSON
        guard isLive, !context.isPlain, !context.isQuiet, let terminal = context.terminal else {
            return try printSnapshot(context)
        }
        // A first look before the screen is taken, so that a daemon that is not there is told in the usual way.
        _ = try TopSnapshot(context)
        return try terminal.withScreen { try show(context, on: $0, interval: interval ?? 1) }
    }

    private static func printSnapshot(_ context: CommandContext) throws -> ExitCode {
        let snapshot = try TopSnapshot(context)
        if context.wantsJSON {
            context.printJSON(snapshot.json)
        } else if context.isPlain || context.isQuiet {
            context.list(snapshot.jobs.map { JobRow(value: $0) })
        } else {
            let page = TopPage(snapshot, width: context.tableWidth, terminal: context.outputTerminal)
            context.output.write(page.lines.map { $0 + "\n" }.joined())
        }
        return .success
    }

    private static func show(_ context: CommandContext, on screen: any Screen, interval: Double) throws -> ExitCode {
        var snapshot: TopSnapshot?
        while true {
            var trouble: String?
            do {
                snapshot = try TopSnapshot(context)
            } catch let failure as CommandFailure {
                // Ctrl-C may come during the call; a daemon that was stopped may come back.
                if failure.kind == "interrupted" { return .interrupted }
                trouble = failure.message
                context.disconnect()
            }
            var event: ScreenEvent
            repeat {
                var lines = snapshot.map {
                    TopPage($0, width: screen.columns - 1, terminal: context.outputTerminal).lines
                }
                if let trouble {
                    let text = TextColumns.cut(
                        TextColumns.printable(trouble), to: screen.columns - 1, utf8: context.outputTerminal.usesUTF8)
                    lines = [TextStyle.bad.apply(to: text, context.outputTerminal)] + (lines ?? [])
                }
                screen.draw(lines ?? [])
                event = try screen.wait(seconds: interval)
            } while event == .redraw
            switch event {
            case .key(UInt8(ascii: "q")), .key(4): return .success
            case .interrupted, .terminated: return .interrupted
            case .key, .timedOut, .redraw: continue
            }
        }
    }
}
