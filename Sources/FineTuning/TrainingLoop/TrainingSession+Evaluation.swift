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
    /// Evaluates, logs the record and judges whether the model is the best so far.
    @discardableResult
    func evaluateAndRecord() throws -> Bool {
        var record = try evaluate()
        append(&record, includingSpeedAfter: nil)
        try writeLine(for: record, elapsed: clock.elapsed)
        report(.evaluation(record))
        report(.phase(.training))
        guard let bestRule else { return false }
        if let metric = record[bestRule.metric]?.double { rule.observe(metric) }
        return try bestRule.update(&state, with: record)
    }

    /// The evaluation after training, with what only it reports.
    func finalEvaluation() throws -> JSONObject {
        var record = try evaluate()
        let value = record["eval_loss"]?.double ?? .nan
        for metric in prepared.rules.finalMetrics(evaluationLoss: value) {
            record["eval_\(metric.name)"] = .number(metric.value)
        }
        record["epoch"] = .number(state.epoch)
        report(.evaluation(record))
        for line in MetricsSummary.lines(record, title: "eval") { report(.note(line)) }
        try ResultFiles.write(record, split: "eval", into: output)
        return record
    }

    private func evaluate() throws -> JSONObject {
        report(.phase(.evaluating))
        let items = prepared.evaluation
        let batches = DataOrder.batches(
            of: Array(items.indices), size: configuration[Parameters.perDeviceEvalBatchSize],
            dropLast: configuration[Parameters.dataloaderDropLast])
        let start = MonotonicClock.seconds
        var means: [(mean: Double, items: Int)] = []
        for batch in batches {
            if control.isStopping { throw TrainingStopped() }
            let rows = batch.map { items[$0] }
            let share = try loss.share(
                of: rows, divisor: loss.divisor(of: rows), model: prepared.model.base,
                adapter: prepared.model.adapter, on: Tape(recording: false))
            means.append((share.value, rows.count))
        }
        let seconds = max(MonotonicClock.seconds - start, 1e-9)
        return [
            "eval_loss": .number(prepared.rules.evaluationLoss(of: means)),
            "eval_runtime": .number(seconds.rounded(decimals: 4)),
            "eval_samples_per_second": .number((Double(items.count) / seconds).rounded(decimals: 3)),
            "eval_steps_per_second": .number((Double(batches.count) / seconds).rounded(decimals: 3)),
        ]
    }
}
