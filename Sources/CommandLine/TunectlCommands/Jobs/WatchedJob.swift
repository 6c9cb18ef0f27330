import JSONDocuments
import ServiceAPI
import TerminalOutput

/// What a watcher knows about a job, kept up by its events; holds no terminal and no clock.
struct WatchedJob {
    let id: String
    private(set) var state = "queued"
    private(set) var step: Int64 = 0
    private(set) var totalSteps: Int64 = 0
    private(set) var losses: [Double] = []
    private(set) var learningRate: Double?
    private(set) var epoch: Double?
    private(set) var tokensPerSecond: Double?
    private(set) var secondsLeft: Double?
    /// What the worker is doing before and between steps.
    private(set) var phase: String?
    /// Whether the last event told about a step.
    private(set) var hasNewStep = false

    init(id: String) {
        self.id = id
    }

    /// Takes in a snapshot or an event; returns lines that should stay on the screen.
    mutating func apply(_ notification: ServiceClient.Notification) -> [String] {
        hasNewStep = false
        switch notification.method {
        case "job.snapshot":
            let job = notification.params["job"] ?? .null
            state = job["state"]?.string ?? state
            takeFigures(job["progress"] ?? job)
            return []
        case "job.event":
            let kind = notification.params["kind"]?.string.flatMap(JobEvent.Kind.init)
            return kind.map { apply($0, notification.params["fields"] ?? .null) } ?? []
        default: return []
        }
    }

    private mutating func apply(_ kind: JobEvent.Kind, _ fields: JSONValue) -> [String] {
        switch kind {
        case .state:
            let old = state
            state = fields["state"]?.string ?? state
            let reason = fields["error"]?["message"]?.string ?? fields["reason"]?.string
            return state == old ? [] : ["\(id) \(state)" + (reason.map { ": \($0)" } ?? "")]
        case .phase:
            phase = fields["phase"]?.string
            return phase.map { [$0] } ?? []
        case .progress:
            takeFigures(fields)
            return []
        case .evaluation:
            let figures = (fields.object ?? JSONObject()).compactMap { key, value in
                value.double.map { "\(key) \(ReadableNumbers.significant($0, digits: 4))" }
            }
            return ["evaluation: " + figures.joined(separator: " ")]
        case .checkpoint:
            let place = fields["path"]?.string.map { ": \($0)" } ?? ""
            return ["checkpoint at step \(fields["step"]?.integer ?? step)\(place)"]
        case .note: return fields["message"]?.string.map { [$0] } ?? []
        }
    }

    /// Takes over the members of a `JobProgress`, as far as they are there.
    private mutating func takeFigures(_ values: JSONValue) {
        if let step = values["step"]?.integer {
            hasNewStep = step != self.step
            self.step = step
        }
        if let total = values["total_steps"]?.integer { totalSteps = total }
        if let loss = values["loss"]?.double {
            losses.append(loss)
            hasNewStep = true
        }
        if let rate = values["learning_rate"]?.double { learningRate = rate }
        if let epoch = values["epoch"]?.double { self.epoch = epoch }
        if let speed = values["tokens_per_second"]?.double { tokensPerSecond = speed }
        if let left = values["remaining"]?.double { secondsLeft = left }
        if let phase = values["phase"]?.string { self.phase = phase }
    }

    /// The share of the steps that are done.
    var fraction: Double {
        totalSteps > 0 ? Double(step) / Double(totalSteps) : 0
    }

    /// One line for a terminal of this width: bar, steps, loss with its course, speed and time left.
    func statusLine(columns: Int, utf8: Bool) -> String {
        guard totalSteps > 0 else { return "\(id) \(state)" + (phase.map { ": \($0)" } ?? "") }
        let figures = figures(withEpoch: false)
        let steps = "\(step)/\(totalSteps)"
        let fixed = TextColumns.width(steps) + TextColumns.width(figures) + 4
        let free = max(0, columns - fixed)
        let bar = ProgressBar.render(fraction: fraction, width: min(30, free * 3 / 5), utf8: utf8)
        let spark = Sparkline.render(Array(losses.suffix(200)), width: min(24, free * 2 / 5), utf8: utf8)
        return [bar, steps, figures, spark].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// One line for a file or pipe.
    var plainLine: String {
        let steps = totalSteps > 0 ? "step \(step)/\(totalSteps)" : "step \(step)"
        return [steps, figures(withEpoch: true)].filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func figures(withEpoch: Bool) -> String {
        var parts: [String] = []
        if let loss = losses.last { parts.append("loss \(ReadableNumbers.significant(loss, digits: 4))") }
        if withEpoch, let learningRate { parts.append("lr \(ReadableNumbers.significant(learningRate, digits: 3))") }
        if withEpoch, let epoch { parts.append("epoch \(ReadableNumbers.decimal(epoch, places: 2))") }
        if let tokensPerSecond { parts.append("\(ReadableNumbers.decimal(tokensPerSecond, places: 0)) tokens/s") }
        if let secondsLeft { parts.append("\(ReadableNumbers.duration(seconds: secondsLeft)) left") }
        return parts.joined(separator: withEpoch ? " " : "  ")
    }
}
