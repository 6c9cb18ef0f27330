import Glibc
import JSONDocuments
import LinuxSystem
import ServiceAPI
import TrainingLoop

/// Turns what a run reports into the daemon's events and into lines of the job's log.
///
/// Events are kept for good, so steps between two records of the log are told at most every other second.
final class TrainingJobEvents {
    private let send: (WorkerEvent) -> Void
    private var lastProgress = -Double.infinity
    private var latest: StepReport?
    private var lastTold = 0

    static let interval = 2.0

    init(send: @escaping (WorkerEvent) -> Void) { self.send = send }

    func take(_ event: TrainingEvent) {
        switch event {
        case .phase(let phase):
            tellLastStep()
            send(WorkerEvent(kind: .phase, fields: ["phase": .string(phase.rawValue)]))
        case .note(let text):
            WorkerLog.write(text)
            send(WorkerEvent(kind: .note, fields: ["message": .string(text)]))
        case .step(let report):
            latest = report
            if !report.isRecorded, MonotonicClock.seconds - lastProgress >= Self.interval {
                progress(report, loss: report.loss)
            }
        case .record(let record): take(record)
        case .evaluation(let record):
            WorkerLog.write(Self.line(record))
            send(WorkerEvent(kind: .evaluation, fields: record))
        case .checkpoint(let step, let path):
            WorkerLog.write("saved \(path)")
            send(WorkerEvent(kind: .checkpoint, fields: ["step": .integer(Int64(step)), "path": .string(path)]))
        }
    }

    /// Tells the step that was made last, if it was not told: what follows it, and the job's end, may come at any step.
    func tellLastStep() {
        if let latest, latest.step != lastTold { progress(latest, loss: latest.loss) }
    }

    private func take(_ record: JSONObject) {
        WorkerLog.write(Self.line(record))
        guard let loss = record["loss"]?.double, let latest else { return }
        progress(latest, loss: loss)
    }

    private func progress(_ report: StepReport, loss: Double) {
        lastProgress = MonotonicClock.seconds
        lastTold = report.step
        var progress = JobProgress(phase: "training", step: report.step, totalSteps: report.totalSteps)
        progress.epoch = report.epoch
        progress.loss = loss
        progress.gradientNorm = report.gradientNorm
        progress.learningRate = report.learningRate
        progress.tokensPerSecond = report.tokensPerSecond
        progress.elapsed = report.elapsed
        progress.remaining = report.remaining
        guard let fields = (try? JSONValue(encoding: progress))?.object else { return }
        send(WorkerEvent(kind: .progress, fields: fields))
    }

    /// A record for people: figures with four significant digits.
    static func line(_ record: JSONObject) -> String {
        let parts = record.map { key, value in
            if case .number(let number) = value { return "'\(key)': \(significant(number))" }
            return "'\(key)': \(value.serialized())"
        }
        return "{\(parts.joined(separator: ", "))}"
    }

    /// As C's `%.4g`.
    static func significant(_ number: Double) -> String {
        var buffer = [CChar](repeating: 0, count: 32)
        let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, "%.4g", $0) }
        return String(decoding: buffer.prefix(max(0, Int(count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
