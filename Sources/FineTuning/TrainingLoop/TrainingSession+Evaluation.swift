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
    /// Evaluates, logs a record for each evaluation and judges whether the model is the best so far.
    @discardableResult
    func evaluateAndRecord() throws -> Bool {
        var figures: JSONObject = [:]
        for evaluation in prepared.evaluations {
            var record = try evaluate(evaluation)
            append(&record, includingSpeedAfter: nil)
            try writeLine(for: record, elapsed: clock.elapsed)
            report(.evaluation(record))
            for (key, value) in record { figures[key] = value }
        }
        report(.phase(.training))
        guard let bestRule else { return false }
        if let metric = figures[bestRule.metric]?.double { rule.observe(metric) }
        return try bestRule.update(&state, with: figures)
    }

    /// The evaluation after training, with what only it reports.
    func finalEvaluation() throws -> JSONObject {
        var record: JSONObject = [:]
        for evaluation in prepared.evaluations {
            let figures = try evaluate(evaluation)
            for (key, value) in figures { record[key] = value }
            let value = figures["\(evaluation.prefix)_loss"]?.double ?? .nan
            for metric in prepared.rules.finalMetrics(evaluationLoss: value) {
                record["\(evaluation.prefix)_\(metric.name)"] = .number(metric.value)
            }
        }
        record["epoch"] = .number(state.epoch)
        report(.evaluation(record))
        for line in MetricsSummary.lines(record, title: "eval") { report(.note(line)) }
        try ResultFiles.write(record, split: "eval", into: output)
        return record
    }

    private func evaluate(_ evaluation: Evaluation) throws -> JSONObject {
        report(.phase(.evaluating))
        let items = evaluation.items
        let batches = DataOrder.batches(
            of: Array(items.indices), size: configuration[Parameters.perDeviceEvalBatchSize],
            dropLast: configuration[Parameters.dataloaderDropLast])
        let start = MonotonicClock.seconds
        var means: [(mean: Double, items: Int)] = []
        for batch in batches {
            if control.isStopping { throw TrainingStopped() }
            let rows = loss.rows(batch.map { items[$0] })
            let share = try loss.share(
                of: rows, divisor: loss.divisor(of: rows), model: prepared.model.base,
                adapter: prepared.model.adapter, on: Tape(recording: false))
            means.append((share.value, rows.count))
        }
        let seconds = max(MonotonicClock.seconds - start, 1e-9)
        let prefix = evaluation.prefix
        return [
            "\(prefix)_loss": .number(prepared.rules.evaluationLoss(of: means)),
            "\(prefix)_runtime": .number(seconds.rounded(decimals: 4)),
            "\(prefix)_samples_per_second": .number((Double(items.count) / seconds).rounded(decimals: 3)),
            "\(prefix)_steps_per_second": .number((Double(batches.count) / seconds).rounded(decimals: 3)),
        ]
    }
}
