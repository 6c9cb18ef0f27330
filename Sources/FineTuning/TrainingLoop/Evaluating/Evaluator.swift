import Datasets
import JSONDocuments
import LinuxSystem
import RunConfiguration
import TrainingStages

/// The items of one evaluation, and the dataset's name where each is evaluated apart.
struct Evaluation: Equatable, Sendable {
    var name: String?
    var items: [PreparedItem]

    /// What the names of its figures begin with.
    var prefix: String { name.map { "eval_\($0)" } ?? "eval" }

    /// The items of each batch.
    func batches(_ configuration: RunConfiguration) -> [[PreparedItem]] {
        DataOrder.batches(
            of: Array(items.indices), size: configuration[Parameters.perDeviceEvalBatchSize],
            dropLast: configuration[Parameters.dataloaderDropLast]
        ).map { $0.map { items[$0] } }
    }
}

/// Runs whole evaluations.
struct Evaluator {
    let engine: UpdateEngine
    let configuration: RunConfiguration

    /// The record's figures, under names with the evaluation's prefix.
    ///
    /// - Throws: `TrainingStopped` between two batches
    func figures(of evaluation: Evaluation, memory: StageMemory) throws -> JSONObject {
        let batches = evaluation.batches(configuration)
        let start = MonotonicClock.seconds
        var means: [(mean: Double, items: Int)] = []
        var gathered = StageFigures()
        for batch in batches {
            let loss = try engine.evaluate(batch, memory: memory)
            means.append((loss.value, batch.count))
            gathered.add(loss.figures)
        }
        let seconds = max(MonotonicClock.seconds - start, 1e-9)
        let prefix = evaluation.prefix
        var figures: JSONObject = ["\(prefix)_loss": .number(engine.stage.evaluationLoss(of: means))]
        for figure in engine.stage.record(of: gathered) { figures["\(prefix)_\(figure.name)"] = .number(figure.value) }
        figures["\(prefix)_runtime"] = .number(seconds.rounded(decimals: 4))
        figures["\(prefix)_samples_per_second"] = .number(
            (Double(evaluation.items.count) / seconds).rounded(decimals: 3))
        figures["\(prefix)_steps_per_second"] = .number((Double(batches.count) / seconds).rounded(decimals: 3))
        return figures
    }
}
