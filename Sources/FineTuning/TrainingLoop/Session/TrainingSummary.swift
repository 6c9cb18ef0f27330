import Checkpoints
import Datasets
import JSONDocuments
import RunConfiguration

/// The figures that a run reports after its last update (training-and-inference, 1.15).
struct TrainingSummary: Equatable, Sendable {
    /// Items of an epoch, and the settings that tell how many the whole run takes.
    var items: Int
    var epochs: Double
    var maxSteps: Int
    var itemsPerStep: Int
    var totalSteps: Int

    init(_ configuration: RunConfiguration, _ steps: StepOrder) {
        items = steps.order.count
        epochs = configuration[Parameters.numTrainEpochs]
        maxSteps = configuration[Parameters.maxSteps]
        itemsPerStep = steps.order.batchSize * steps.order.accumulation
        totalSteps = steps.plan.totalSteps
    }

    /// - Parameters:
    ///   - isContinuation: a run that the service started again reports the mean loss over all its steps, as if it had
    ///     not been interrupted; otherwise speeds and mean loss are those of this process' steps
    ///   - elapsed: seconds of this process, above 0
    func metrics(_ progress: RunProgress, span: RunSpan, isContinuation: Bool, elapsed: Double) -> JSONObject {
        let steps = progress.step - span.startStep
        let samples = maxSteps > 0 ? Double(maxSteps * itemsPerStep) : Double(items) * epochs
        let share = totalSteps > 0 ? Double(steps) / Double(totalSteps) : 0
        let meanLoss =
            isContinuation || steps == 0
            ? progress.memory.totalLoss / Double(max(progress.step, 1)) : span.loss / Double(steps)
        return [
            "train_runtime": .number(elapsed.rounded(decimals: 4)),
            "train_samples_per_second": .number((samples * share / elapsed).rounded(decimals: 3)),
            "train_steps_per_second": .number((Double(steps) / elapsed).rounded(decimals: 3)),
            "total_flos": .number(progress.state.totalFlops),
            "train_loss": .number(meanLoss),
        ]
    }
}
