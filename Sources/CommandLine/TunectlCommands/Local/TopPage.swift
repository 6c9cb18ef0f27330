import JSONDocuments
import TerminalOutput

/// A snapshot as lines of text.
struct TopPage {
    private(set) var lines: [String] = []
    private let width: Int?
    private let terminal: TerminalProperties

    /// - Parameter width: columns of a terminal; nil writes whole lines without bars
    init(_ snapshot: TopSnapshot, width: Int?, terminal: TerminalProperties) {
        self.width = width
        self.terminal = terminal
        head(snapshot)
        lines.append("")
        table(snapshot.jobs.map { TopJobRow(value: $0, bar: bar) }, empty: "no jobs")
        lines.append("")
        table(snapshot.models.map(ModelRow.init), empty: "no models in memory")
    }

    private mutating func head(_ snapshot: TopSnapshot) {
        let info = snapshot.info
        let version = info["version"]?.string ?? "?"
        let since = info["started_at"]?.string.map { " since \($0)" } ?? ""
        add(TextStyle.strong.apply(to: cut("finetuned \(version)\(since), now \(snapshot.at)"), terminal))
        let counts = (info["jobs"]?.object ?? JSONObject()).compactMap { state, count in
            count.integer.flatMap { $0 > 0 ? "\($0) \(state)" : nil }
        }
        add(cut("jobs    " + (counts.isEmpty ? "none" : counts.joined(separator: ", "))))
        let machine = snapshot.machine
        let cores = info["cores"]?.integer ?? 0
        if let load = machine.load, cores > 0 {
            add(gauge("cores", load / Double(cores), "load \(ReadableNumbers.decimal(load, places: 2)) on \(cores)"))
        }
        if let total = machine.memoryBytes, let available = machine.availableBytes, total > 0 {
            let models = snapshot.models.compactMap { $0["resident_bytes"]?.integer }.reduce(0, +)
            let daemon = info["resident_bytes"]?.integer.map { ", daemon \(ReadableNumbers.bytes($0))" } ?? ""
            let text =
                "\(ReadableNumbers.bytes(total - available)) of \(ReadableNumbers.bytes(total)) in use; "
                + "models \(ReadableNumbers.bytes(models))\(daemon)"
            add(gauge("memory", Double(total - available) / Double(total), text))
        }
    }

    private func gauge(_ name: String, _ share: Double, _ text: String) -> String {
        let bar = bar(share)
        return cut(TextColumns.padded(name, to: 8) + (bar.isEmpty ? "" : bar + " ") + text)
    }

    /// A bar where a terminal shows it.
    private func bar(_ share: Double) -> String {
        guard let width else { return "" }
        return ProgressBar.render(fraction: share, width: min(20, max(6, width / 5)), utf8: terminal.usesUTF8)
    }

    private mutating func table<Row: Listable>(_ rows: [Row], empty: String) {
        guard !rows.isEmpty else {
            add(TextStyle.faint.apply(to: cut(empty), terminal))
            return
        }
        let text = Listing.render(rows, as: .table(width: width), utf8: terminal.usesUTF8)
        for (number, line) in text.split(separator: "\n").enumerated() {
            let line = String(line)
            add(number == 0 ? TextStyle.faint.apply(to: line, terminal) : line)
        }
    }

    private mutating func add(_ line: String) { lines.append(line) }

    private func cut(_ text: String) -> String {
        let text = TextColumns.printable(text)
        return width.map { TextColumns.cut(text, to: $0, utf8: terminal.usesUTF8) } ?? text
    }
}

/// A job with its figures.
private struct TopJobRow: Listable {
    static let headings = ["JOB", "STATE", "DONE", "STEP", "LOSS", "TOKENS/S", "LEFT", "OUTPUT"]
    let value: JSONValue
    let bar: (Double) -> String

    var quietName: String { value["id"]?.string ?? "?" }
    var json: String { value.serialized(.compact) }

    var cells: [String] {
        let state = value["state"]?.string ?? "?"
        let progress = value["progress"]
        let step = progress?["step"]?.integer ?? 0
        let total = progress?["total_steps"]?.integer ?? 0
        let share = total > 0 ? Double(step) / Double(total) : 0
        let percent = ReadableNumbers.decimal(share * 100, places: 0) + " %"
        let isRunning = state == "running"
        let done: String
        if isRunning, total == 0 {
            done = progress?["phase"]?.string ?? "starting"
        } else if isRunning {
            done = [bar(share), percent].filter { !$0.isEmpty }.joined(separator: " ")
        } else {
            // How far an ended job is, its state says.
            done = state == "paused" || step > 0 && state != "succeeded" ? percent : ""
        }
        return [
            quietName, state, done,
            total > 0 ? "\(step)/\(total)" : "",
            progress?["loss"]?.double.map { ReadableNumbers.significant($0, digits: 4) } ?? "",
            isRunning
                ? progress?["tokens_per_second"]?.double.map { ReadableNumbers.decimal($0, places: 0) } ?? "" : "",
            isRunning ? progress?["remaining"]?.double.map { ReadableNumbers.duration(seconds: $0) } ?? "" : "",
            value["output_dir"]?.string ?? "",
        ]
    }
}
