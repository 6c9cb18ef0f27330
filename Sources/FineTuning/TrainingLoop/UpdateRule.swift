import Checkpoints
import JSONDocuments
import Optimizers
import RunConfiguration
import Tensors

/// Optimizer, clipping and learning-rate schedule of a run.
final class UpdateRule {
    private let updater: ParameterUpdater
    private let maximumNorm: Double?
    private var learningRate: LearningRate

    init(_ configuration: RunConfiguration, parameters: [Tensors.Parameter], totalSteps: Int) throws {
        updater = try ParameterUpdater(Self.groups(configuration, parameters))
        maximumNorm = configuration[Parameters.maxGradNorm]
        let warmup = LearningRateSchedule.warmupSteps(
            configuration[Parameters.warmupSteps], ratio: configuration[Parameters.warmupRatio], totalSteps: totalSteps)
        learningRate = try LearningRate(
            ScheduleName(named: configuration[Parameters.lrSchedulerType].rawValue),
            options: Self.options(configuration[Parameters.lrSchedulerKwargs]),
            baseRate: configuration[Parameters.learningRate], warmupSteps: warmup, totalSteps: totalSteps)
    }

    private static func groups(
        _ configuration: RunConfiguration, _ parameters: [Tensors.Parameter]
    ) throws -> [Optimizers.ParameterGroup] {
        let optimizer = try OptimizerRegistry.optimizer(
            named: configuration[Parameters.optim],
            OptimizerSettings(
                beta1: configuration[Parameters.adamBeta1], beta2: configuration[Parameters.adamBeta2],
                epsilon: configuration[Parameters.adamEpsilon],
                arguments: OptimizerArguments(parsing: configuration[Parameters.optimArgs] ?? "")))
        if let ratio = configuration[Parameters.loraplusLrRatio] {
            return Optimizers.ParameterGroup.loraPlus(
                parameters, optimizer, weightDecay: configuration[Parameters.weightDecay], ratio: ratio,
                embeddingFactor: configuration[Parameters.loraplusLrEmbedding]
                    / max(configuration[Parameters.learningRate], .leastNormalMagnitude))
        }
        return Optimizers.ParameterGroup.decayedAndNot(
            parameters, optimizer, weightDecay: configuration[Parameters.weightDecay])
    }

    private static func options(_ mapping: ConfigurationMapping?) -> [String: ScheduleOption] {
        var options: [String: ScheduleOption] = [:]
        for entry in mapping?.entries ?? [] {
            if let number = mapping?.number(entry.key) {
                options[entry.key] = .number(number)
            } else {
                options[entry.key] = .text(entry.value.description)
            }
        }
        return options
    }

    /// Clips the gradients, changes the parameters and forgets the gradients.
    ///
    /// - Returns: the norm before clipping, and the rate of this update; nothing was changed if the norm is not finite
    func update() throws -> (norm: Double, learningRate: Double) {
        let norm = GradientNorm.norm(updater.parameters)
        let rate = learningRate.rate
        guard norm.isFinite else { return (Double(norm), rate) }
        try updater.update(
            learningRate: rate, gradientFactor: GradientNorm.factor(norm: norm, maximum: maximumNorm))
        learningRate.advance()
        for parameter in updater.parameters { parameter.clearGradient() }
        return (Double(norm), rate)
    }

    /// Bytes that the optimizer is going to remember.
    var stateByteCount: Int { updater.stateByteCount }

    /// Tells the schedule about an evaluation, for `reduce_lr_on_plateau`.
    func observe(_ metric: Double) { learningRate.observe(metric) }
}

// MARK: Checkpoints

extension UpdateRule {
    /// What the optimizer remembers of each parameter.
    var optimizerContents: OptimizerState { updater.state }

    var schedulerState: JSONValue {
        get throws { try JSONValue(encoding: learningRate.state) }
    }

    /// Puts back what a checkpoint in `folder` has kept.
    func restore(_ contents: OptimizerState, scheduler: JSONValue?, folder: String) throws {
        try updater.restore(contents)
        guard let scheduler else {
            throw CheckpointError.damaged(path: folder, problem: "\(StateFile.scheduler) is missing")
        }
        do {
            learningRate.restore(try scheduler.decoded(as: LearningRate.State.self))
        } catch {
            throw CheckpointError.damaged(path: folder, problem: "\(StateFile.scheduler): \(error)")
        }
    }
}
