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
    /// Loads the best model where asked to, and writes everything that a finished run leaves.
    func finishTraining() throws -> JSONObject {
        let elapsed = max(clock.elapsed, 1e-9)
        for line in (prepared.stream as? DataStream)?.part.lines ?? [] { report(.note(line)) }
        var metrics = finalMetrics(elapsed: elapsed)
        var record = metrics
        append(&record, includingSpeedAfter: nil)
        metrics["epoch"] = record["epoch"]
        metrics["num_input_tokens_seen"] = record["num_input_tokens_seen"]
        try loadBestModel()
        try writeLine(for: record, elapsed: elapsed)
        report(.record(record))
        report(.phase(.saving))
        try writeModel(into: output)
        for line in MetricsSummary.lines(metrics, title: "train") { report(.note(line)) }
        try ResultFiles.write(metrics, split: "train", into: output)
        try output.writeFile(TrainerState.fileName, bytes: state.bytes)
        try output.writeFile("README.md", bytes: Array(modelCard(metrics).text.utf8))
        if configuration[Parameters.plotLoss] { try drawCurves() }
        try log.synchronize()
        try output.synchronize()
        return metrics
    }

    private func finalMetrics(elapsed: Double) -> JSONObject {
        // Speeds and the mean loss are those of this process' steps. A run that the service started again reports
        // the mean over all its steps, as if it had not been interrupted.
        let steps = state.step - clock.startStep
        let maxSteps = configuration[Parameters.maxSteps]
        let samples =
            maxSteps > 0
            ? Double(maxSteps * order.batchSize * order.accumulation)
            : Double(prepared.train.count) * configuration[Parameters.numTrainEpochs]
        let share = plan.totalSteps > 0 ? Double(steps) / Double(plan.totalSteps) : 0
        let meanLoss =
            run.isContinuation || steps == 0
            ? memory.totalLoss / Double(max(state.step, 1)) : lossSinceStart / Double(steps)
        return [
            "train_runtime": .number(elapsed.rounded(decimals: 4)),
            "train_samples_per_second": .number((samples * share / elapsed).rounded(decimals: 3)),
            "train_steps_per_second": .number((Double(steps) / elapsed).rounded(decimals: 3)),
            "total_flos": .number(state.totalFlops),
            "train_loss": .number(meanLoss),
        ]
    }

    private func loadBestModel() throws {
        guard configuration[Parameters.loadBestModelAtEnd], let best = state.bestStep else { return }
        let folder = "\(output.path)/\(CheckpointName.folder(step: best))"
        guard FileSystem.isDirectory(folder) else {
            report(.note("the best model (step \(best)) was not saved, so the last one is kept"))
            return
        }
        try prepared.model.load(from: folder)
        report(.note("the best model is that of \(folder)"))
        if configuration[Parameters.saveTotalLimit] == 1 {
            try CheckpointFolders.remove(
                steps: CheckpointFolders.steps(in: output.path).filter { $0 != best }, in: output.path)
        }
    }

    private func drawCurves() throws {
        let evaluations =
            prepared.evaluations.isEmpty ? ["eval_loss"] : prepared.evaluations.map { "\($0.prefix)_loss" }
        for key in ["loss"] + evaluations {
            guard let curve = LossCurve(key: key, history: state.logHistory) else { continue }
            try LossPlot(
                curve: curve, title: "training \(key) of \(configuration[Parameters.outputDir])"
            ).write(into: output)
        }
    }

    private func modelCard(_ metrics: JSONObject) -> ModelCard {
        let keys = [
            "learning_rate", "per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs",
            "max_steps", "lr_scheduler_type", "warmup_ratio", "warmup_steps", "optim", "weight_decay", "seed",
            "cutoff_len",
        ]
        return ModelCard(
            baseModel: configuration[Parameters.modelNameOrPath] ?? "",
            method: configuration[Parameters.finetuningType].rawValue, stage: configuration[Parameters.stage].rawValue,
            datasets: configuration[Parameters.dataset] ?? [], isAdapter: prepared.model.adapter != nil,
            settings: keys.compactMap { key in
                configuration.effectiveValues[key].map { (name: key, value: "\($0)") }
            }, results: metrics)
    }
}
