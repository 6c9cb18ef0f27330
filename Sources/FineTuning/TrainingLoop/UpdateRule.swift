import Checkpoints
import JSONDocuments
import Optimizers
import RunConfiguration
import Tensors

/// Optimizer, clipping and learning-rate schedule of a run.
final class UpdateRule {
    private let optimizer: AdamW
    private let maximumNorm: Double?
    private var learningRate: LearningRate

    init(_ configuration: RunConfiguration, parameters: [Tensors.Parameter], totalSteps: Int) throws {
        _ = try OptimizerName(named: configuration[Parameters.optim])
        optimizer = try AdamW(
            ParameterGroup.decayedAndNot(parameters, weightDecay: configuration[Parameters.weightDecay]),
            beta1: configuration[Parameters.adamBeta1], beta2: configuration[Parameters.adamBeta2],
            epsilon: configuration[Parameters.adamEpsilon])
        maximumNorm = configuration[Parameters.maxGradNorm]
        let warmup = LearningRateSchedule.warmupSteps(
            configuration[Parameters.warmupSteps], ratio: configuration[Parameters.warmupRatio], totalSteps: totalSteps)
        learningRate = try LearningRate(
            ScheduleName(named: configuration[Parameters.lrSchedulerType].rawValue),
            options: Self.options(configuration[Parameters.lrSchedulerKwargs]),
            baseRate: configuration[Parameters.learningRate], warmupSteps: warmup, totalSteps: totalSteps)
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
        let norm = GradientNorm.norm(optimizer.parameters)
        let rate = learningRate.rate
        guard norm.isFinite else { return (Double(norm), rate) }
        try optimizer.step(
            learningRate: rate, gradientFactor: GradientNorm.factor(norm: norm, maximum: maximumNorm))
        learningRate.advance()
        for parameter in optimizer.parameters { parameter.clearGradient() }
        return (Double(norm), rate)
    }

    /// Tells the schedule about an evaluation, for `reduce_lr_on_plateau`.
    func observe(_ metric: Double) { learningRate.observe(metric) }
}

// MARK: Checkpoints

extension UpdateRule {
    private static let first = "exp_avg."
    private static let second = "exp_avg_sq."
    private static let step = "step."

    /// Both moments and the number of updates of each parameter.
    var optimizerContents: OptimizerFile.Contents {
        var contents = OptimizerFile.Contents(tensors: [], counters: [:])
        for state in optimizer.state {
            contents.tensors.append((Self.first + state.name, state.expAvg))
            contents.tensors.append((Self.second + state.name, state.expAvgSq))
            contents.counters[Self.step + state.name] = String(state.step)
        }
        return contents
    }

    var schedulerState: JSONValue {
        get throws { try JSONValue(encoding: learningRate.state) }
    }

    /// Puts back what a checkpoint in `folder` has kept.
    func restore(_ contents: OptimizerFile.Contents, scheduler: JSONValue?, folder: String) throws {
        let tensors = Dictionary(contents.tensors.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let names = contents.tensors.map(\.name).filter { $0.hasPrefix(Self.first) }.map {
            String($0.dropFirst(Self.first.count))
        }
        try optimizer.restore(
            names.map { name in
                guard let first = tensors[Self.first + name], let second = tensors[Self.second + name],
                    let step = contents.counters[Self.step + name].flatMap({ Int($0) })
                else {
                    throw CheckpointError.damaged(
                        path: folder, problem: "\(OptimizerFile.name) lacks a part of the state of \(name)")
                }
                return AdamW.ParameterState(name: name, step: step, expAvg: first, expAvgSq: second)
            })
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
