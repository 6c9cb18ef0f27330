import Adapters
import Checkpoints
import Datasets
import JSONDocuments
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import TrainingStages
import WeightFiles

extension TrainingSession {
    /// A training record over the updates since the last one.
    func logUpdate() throws {
        let steps = state.step - memory.lastLoggedStep
        var record: JSONObject = [
            "loss": .number(memory.unreportedLoss / Double(steps)), "grad_norm": .number(memory.lastGradientNorm),
            "learning_rate": .number(memory.lastLearningRate),
        ]
        memory.unreportedLoss = 0
        memory.lastLoggedStep = state.step
        let elapsed = clock.elapsed
        append(&record, includingSpeedAfter: elapsed)
        try writeLine(for: record, elapsed: elapsed)
        report(.record(record))
    }

    /// Adds what every record has and puts it into the history.
    func append(_ record: inout JSONObject, includingSpeedAfter elapsed: Double?) {
        record["epoch"] = .number(state.epoch)
        if configuration[Parameters.includeNumInputTokensSeen] != .no {
            record["num_input_tokens_seen"] = .integer(Int64(state.inputTokensSeen))
            if let elapsed, elapsed > 0 {
                let tokens = Double(state.inputTokensSeen - clock.startTokens)
                record["train_runtime"] = .number(elapsed.rounded(decimals: 4))
                record["train_tokens_per_second"] = .number((tokens / elapsed).rounded(decimals: 3))
            }
        }
        record["step"] = .integer(Int64(state.step))
        state.logHistory.append(record)
    }

    /// Writes the record's line of `trainer_log.jsonl`.
    func writeLine(for record: JSONObject, elapsed: Double) throws {
        var line = TrainerLogLine(
            record: record, step: state.step, totalSteps: plan.totalSteps, elapsed: elapsed,
            remaining: clock.remaining(step: state.step, totalSteps: plan.totalSteps, elapsed: elapsed))
        if state.inputTokensSeen > 0, elapsed > 0 {
            line.tokens = (
                state.inputTokensSeen, Double(state.inputTokensSeen - clock.startTokens) / elapsed
            )
        }
        try log.append(line)
    }
}
