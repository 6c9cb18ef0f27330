package import Checkpoints
import Datasets
package import JSONDocuments
package import RunConfiguration
package import TrainingStages

/// How far a run is, as a checkpoint keeps it beside weights, optimizer and schedule.
///
/// It changes between updates only, by whole actions: a copy of it taken at any time can be gone on from.
package struct RunProgress: Equatable, Sendable {
    package var state = TrainerState()
    package var memory = RunState()

    package init() {}

    package var step: Int { state.step }

    /// Takes in an update that was made.
    ///
    /// - Parameter operationsPerToken: floating-point operations by which the reference counts
    package mutating func take(
        _ result: UpdateEngine.Result, epoch: Double, operationsPerToken: Double, stream: StreamedBatches.Place?
    ) {
        state.step += 1
        state.epoch = epoch
        state.totalFlops += operationsPerToken * Double(result.tokens.padded)
        state.inputTokensSeen += result.tokens.seen
        memory.unreportedLoss += result.update.loss
        memory.unreportedFigures.add(result.update.figures)
        memory.totalLoss += result.update.loss
        memory.lastGradientNorm = result.update.gradientNorm
        memory.lastLearningRate = result.update.learningRate
        memory.stage = result.memory
        memory.stream = stream
    }

    /// The training record over the updates since the last one, which begin anew; nil if there were none.
    package mutating func takeRecord(_ stage: any TrainingStage) -> JSONObject? {
        let steps = state.step - memory.lastLoggedStep
        guard steps > 0 else { return nil }
        var record: JSONObject = [
            "loss": .number(memory.unreportedLoss / Double(steps)), "grad_norm": .number(memory.lastGradientNorm),
            "learning_rate": .number(memory.lastLearningRate),
        ]
        for figure in stage.record(of: memory.unreportedFigures) { record[figure.name] = .number(figure.value) }
        memory.unreportedLoss = 0
        memory.unreportedFigures = StageFigures()
        memory.lastLoggedStep = state.step
        return record
    }

    /// Adds to the history a record with what every record has.
    ///
    /// - Parameter speed: seconds, and input tokens seen in them, where the record tells them
    /// - Returns: the record as it went in
    package mutating func append(
        _ record: JSONObject, counting: InputTokenCount, speed: (seconds: Double, tokens: Int)? = nil
    ) -> JSONObject {
        var record = record
        record["epoch"] = .number(state.epoch)
        if counting != .no {
            record["num_input_tokens_seen"] = .integer(Int64(state.inputTokensSeen))
            if let speed, speed.seconds > 0 {
                record["train_runtime"] = .number(speed.seconds.rounded(decimals: 4))
                record["train_tokens_per_second"] = .number(
                    (Double(speed.tokens) / speed.seconds).rounded(decimals: 3))
            }
        }
        record["step"] = .integer(Int64(state.step))
        state.logHistory.append(record)
        return record
    }

    /// The figures of the evaluations since the last update.
    package var evaluationFigures: JSONObject {
        var figures: JSONObject = [:]
        for record in state.logHistory.reversed() {
            guard record["step"]?.integer == Int64(state.step) else { break }
            for (key, value) in record where key.hasPrefix("eval_") && figures[key] == nil { figures[key] = value }
        }
        return figures
    }

    /// The run is told whether the evaluations just made are the best so far; if only the best are saved, this one is.
    package mutating func judge(by rule: BestModelRule, savesBest: Bool) throws {
        let isBest = try rule.update(&state, with: evaluationFigures)
        state.earlyStopping?.observe(isImprovement: isBest)
        if isBest, savesBest { memory.pending.insert(.save, at: 0) }
    }

    /// Takes over what the run's settings say now, which may differ from those of the checkpoint gone on from.
    ///
    /// - Returns: what people should know about it
    mutating func adopt(
        _ decisions: StepDecisions, _ steps: StepOrder, patience: Int?, isStreamed: Bool
    ) -> String? {
        let waited = state.earlyStopping?.waited ?? 0
        state.earlyStopping = patience.map { EarlyStopping(patience: $0, waited: waited) }
        state.totalSteps = steps.plan.totalSteps
        // The reference's number for "until the steps are done".
        state.epochs = isStreamed ? .max : steps.plan.epochs
        state.loggingSteps = decisions.loggingSteps
        state.evaluationSteps = decisions.evaluationStrategy == .steps ? decisions.evaluationSteps : nil
        state.saveSteps = decisions.saveSteps
        let (before, now) = (state.trainBatchSize, steps.order.batchSize)
        state.trainBatchSize = now
        guard step > 0, before != now else { return nil }
        return
            "the checkpoint was made with a batch size of \(before), this run has \(now): the rest of the epoch sees "
            + "other items"
    }
}
