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
    private let note: (String) -> Void
    /// Whether parameters are changed in the middle of the way back, by `update(_:)`.
    let isLayerwise: Bool

    /// - Parameter note: tells people something
    init(
        _ configuration: RunConfiguration, model: RunModel, totalSteps: Int, note: @escaping (String) -> Void
    ) throws {
        let arranged = try OptimizerArrangements.arrange(OptimizerStart(configuration, model))
        for parameter in arranged.idle { parameter.isTrainable = false }
        updater = try ParameterUpdater(arranged.groups, selection: arranged.selection)
        self.note = note
        isLayerwise = arranged.isLayerwise
        maximumNorm = configuration[Parameters.maxGradNorm]
        let warmup = LearningRateSchedule.warmupSteps(
            configuration[Parameters.warmupSteps], ratio: configuration[Parameters.warmupRatio], totalSteps: totalSteps)
        learningRate = try LearningRate(
            ScheduleName(named: configuration[Parameters.lrSchedulerType].rawValue),
            options: Self.options(configuration[Parameters.lrSchedulerKwargs]),
            baseRate: configuration[Parameters.learningRate], warmupSteps: warmup, totalSteps: totalSteps)
        note(
            "optimizer: \(arranged.description); it keeps \(Self.megabytes(updater.stateByteCount)), AdamW would keep "
                + Self.megabytes(2 * model.parameters.reduce(0) { $0 + $1.value.byteCount }))
        if isLayerwise { note("each tensor is updated on its own: gradients are not clipped, `grad_norm` is 0") }
        for line in arranged.notes(totalSteps) { note(line) }
        announceSelection()
    }

    private static func megabytes(_ count: Int) -> String { "\((Double(count) / 1e6).text(decimals: 1)) MB" }

    private func announceSelection() {
        if let line = updater.selection?.announcement { note(line) }
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

    /// Changes one parameter, whose gradient is complete, and forgets the gradient.
    func update(_ parameter: Tensors.Parameter) throws {
        try NotFinite.check(Double(updater.gradientNorm(of: parameter)), "gradient norm of \(parameter.name)")
        try updater.update(parameter, learningRate: learningRate.rate)
        parameter.clearGradient()
    }

    /// Clips the gradients, changes the parameters and forgets the gradients.
    ///
    /// - Returns: the norm before clipping, and the rate of this update; nothing was changed if the norm is not finite
    func update() throws -> (norm: Double, learningRate: Double) {
        let norm = isLayerwise ? 0 : updater.gradientNorm
        let (rate, turn) = (learningRate.rate, updater.selection?.turn)
        guard norm.isFinite else { return (Double(norm), rate) }
        try updater.update(
            learningRate: rate, gradientFactor: GradientNorm.factor(norm: norm, maximum: maximumNorm))
        learningRate.advance()
        for parameter in updater.parameters { parameter.clearGradient() }
        if updater.selection?.turn != turn { announceSelection() }
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
