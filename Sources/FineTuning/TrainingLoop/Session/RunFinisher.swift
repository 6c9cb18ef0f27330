import Checkpoints
import Datasets
import JSONDocuments
import LinuxSystem
import RunConfiguration
import TrainingStages
import WeightFiles

/// Loads the best model where asked to, and writes everything that a finished run leaves.
struct RunFinisher {
    let prepared: PreparedRun
    let saver: RunSaver
    let recorder: RunRecorder
    let steps: StepOrder
    let isContinuation: Bool
    let report: (TrainingEvent) -> Void

    private var configuration: RunConfiguration { prepared.configuration }

    /// - Parameter progress: stays as it is: what is done here is done again by a run that goes on
    func finishTraining(_ progress: RunProgress, span: RunSpan) throws -> JSONObject {
        var progress = progress
        let elapsed = max(span.elapsed, 1e-9)
        for line in (prepared.stream as? DataStream)?.part.lines ?? [] { report(.note(line)) }
        var metrics = TrainingSummary(configuration, steps).metrics(
            progress, span: span, isContinuation: isContinuation, elapsed: elapsed)
        try loadBestModel(progress)
        let record = try recorder.add(metrics, to: &progress, as: .training, span: span, elapsed: elapsed)
        metrics["epoch"] = record["epoch"]
        metrics["num_input_tokens_seen"] = record["num_input_tokens_seen"]
        if configuration[Parameters.includeEffectiveTokensPerSecond] {
            let tokens = prepared.training.reduce(0) { $0 + $1.tokenCount }
            let share = Double(progress.step - span.startStep) / Double(max(progress.step, 1))
            metrics["effective_tokens_per_sec"] = .number(Double(tokens) * progress.state.epoch * share / elapsed)
        }
        report(.phase(.saving))
        let output = saver.output
        try saver.writeModel(into: output)
        if let adapter = prepared.model.trainable.adapter {
            try writePiSSAFolders(adapter, converts: configuration[Parameters.pissaConvert])
        }
        for line in MetricsSummary.lines(metrics, title: "train") { report(.note(line)) }
        try ResultFiles.write(metrics, split: "train", into: output)
        try output.writeFile(TrainerState.fileName, bytes: progress.state.bytes)
        try output.writeFile("README.md", bytes: Array(ModelCard(prepared, results: metrics).text.utf8))
        if configuration[Parameters.plotLoss] { try drawCurves(progress) }
        try recorder.synchronize()
        try output.synchronize()
        return metrics
    }

    /// The evaluation after training, with what only it reports.
    func evaluate(by evaluator: Evaluator, _ progress: RunProgress) throws -> JSONObject {
        var record: JSONObject = [:]
        for evaluation in prepared.evaluations {
            report(.phase(.evaluating))
            let figures = try evaluator.figures(of: evaluation, memory: progress.memory.stage)
            for (key, value) in figures { record[key] = value }
            let value = figures["\(evaluation.prefix)_loss"]?.double ?? .nan
            for metric in prepared.stage.finalMetrics(evaluationLoss: value) {
                record["\(evaluation.prefix)_\(metric.name)"] = .number(metric.value)
            }
        }
        record["epoch"] = .number(progress.state.epoch)
        report(.evaluation(record))
        for line in MetricsSummary.lines(record, title: "eval") { report(.note(line)) }
        try ResultFiles.write(record, split: "eval", into: saver.output)
        return record
    }

    /// The step whose weights are loaded in place of the last ones; nil if none is.
    func bestToLoad(_ progress: RunProgress) -> Int? {
        guard configuration[Parameters.loadBestModelAtEnd] else { return nil }
        return progress.state.bestStep.flatMap { saver.stays($0) ? $0 : nil }
    }

    private func loadBestModel(_ progress: RunProgress) throws {
        if let best = bestToLoad(progress) {
            let folder = "\(saver.output.path)/\(CheckpointName.folder(step: best))"
            try prepared.model.load(from: folder)
            report(.note("the best model is that of \(folder)"))
        } else if configuration[Parameters.loadBestModelAtEnd], let best = progress.state.bestStep {
            report(.note("the best model (step \(best)) was not saved, so the last one is kept"))
        }
    }

    private func drawCurves(_ progress: RunProgress) throws {
        let (training, evaluation) = prepared.stage.drawnFigures
        let prefixes = prepared.evaluations.isEmpty ? ["eval"] : prepared.evaluations.map(\.prefix)
        let keys =
            ["loss"] + training + prefixes.flatMap { prefix in (["loss"] + evaluation).map { "\(prefix)_\($0)" } }
        for key in keys {
            guard let curve = LossCurve(key: key, history: progress.state.logHistory) else { continue }
            try LossPlot(
                curve: curve, title: "training \(key) of \(configuration[Parameters.outputDir])"
            ).write(into: saver.output)
        }
    }
}

extension ModelCard {
    /// - Parameter results: the figures after training
    init(_ prepared: PreparedRun, results: JSONObject) {
        let configuration = prepared.configuration
        let keys = [
            "learning_rate", "per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs",
            "max_steps", "lr_scheduler_type", "warmup_ratio", "warmup_steps", "optim", "weight_decay", "seed",
            "cutoff_len",
        ]
        self.init(
            baseModel: configuration[Parameters.modelNameOrPath] ?? "",
            method: configuration[Parameters.finetuningType].rawValue, stage: configuration[Parameters.stage].rawValue,
            datasets: configuration[Parameters.dataset] ?? [], isAdapter: prepared.model.trainable.adapter != nil,
            settings: keys.compactMap { key in
                configuration.effectiveValues[key].map { (name: key, value: "\($0)") }
            }, results: results)
    }
}
