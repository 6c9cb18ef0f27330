import Checkpoints
import JSONDocuments
import RunConfiguration

/// Puts a run's records where they belong: its history, `trainer_log.jsonl`, and whoever listens.
final class RunRecorder {
    enum Kind { case training, evaluation }

    private var log: TrainerLog
    private let counting: InputTokenCount
    private let totalSteps: Int
    private let report: (TrainingEvent) -> Void

    init(
        _ configuration: RunConfiguration, log: consuming TrainerLog, totalSteps: Int,
        report: @escaping (TrainingEvent) -> Void
    ) {
        self.log = log
        self.totalSteps = totalSteps
        self.report = report
        counting = configuration[Parameters.includeNumInputTokensSeen]
    }

    /// - Parameters:
    ///   - elapsed: seconds of this process
    ///   - tellsSpeed: whether the record itself has times, beside its line in the log
    @discardableResult
    func add(
        _ record: JSONObject, to progress: inout RunProgress, as kind: Kind, span: RunSpan, elapsed: Double,
        tellsSpeed: Bool = false
    ) throws -> JSONObject {
        let tokens = progress.state.inputTokensSeen - span.startTokens
        let whole = progress.append(record, counting: counting, speed: tellsSpeed ? (elapsed, tokens) : nil)
        var line = TrainerLogLine(
            record: whole, step: progress.step, totalSteps: totalSteps, elapsed: elapsed,
            remaining: span.remaining(step: progress.step, totalSteps: totalSteps, elapsed: elapsed))
        if progress.state.inputTokensSeen > 0, elapsed > 0 {
            line.tokens = (progress.state.inputTokensSeen, Double(tokens) / elapsed)
        }
        try log.append(line)
        progress.memory.logLines = log.lineCount
        switch kind {
        case .training: report(.record(whole))
        case .evaluation: report(.evaluation(whole))
        }
        return whole
    }

    var lineCount: Int { log.lineCount }

    /// Forces the log to the disk, so that it is at least as new as a checkpoint that follows.
    func synchronize() throws { try log.synchronize() }
}
