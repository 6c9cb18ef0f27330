import Datasets
import LinuxSystem
import RunConfiguration
import Tensors
package import TrainingStages

/// Makes updates and evaluations: batches to the stage's loss, back through the tape, into the optimizer.
///
/// The run and its rehearsal drive the same engine. An update that fails or is stopped leaves the parameters as they
/// were, unless they are changed layer by layer.
package final class UpdateEngine {
    let stage: any TrainingStage
    let learner: Learner
    private let parameters: [Tensors.Parameter]
    private let rule: UpdateRule
    private let seed: UInt64
    private let checkpointPolicy: CheckpointPolicy
    private let precision: MatmulPrecision
    private let counting: InputTokenCount
    private let control: TrainingControl
    /// The last update that was made; nil before the first.
    private var lastUpdate: Int?
    private let trainedRows: TrainedRows?
    /// The most bytes of gradients that were held at once.
    private(set) var mostGradientBytes = 0

    /// - Parameter keepBelow: bytes of tensors up to which layers keep their insides; nil for the usual
    init(
        _ configuration: RunConfiguration, stage: any TrainingStage, model: RunModel, rule: UpdateRule,
        keepBelow: Int?, control: TrainingControl
    ) {
        self.stage = stage
        learner = model.learner
        parameters = model.parameters
        self.rule = rule
        self.control = control
        trainedRows = TrainedRows(configuration, model)
        seed = UInt64(max(0, configuration[Parameters.seed]))
        checkpointPolicy = CheckpointPolicy(configuration, keepBelow: keepBelow)
        precision = MatmulPrecision(configuration)
        counting = configuration[Parameters.includeNumInputTokensSeen]
    }

    /// What an update did, and what the stage remembers after it.
    package struct Result {
        package var update: StageUpdate
        package var memory: StageMemory
        package var tokens: TokenCount

        package init(update: StageUpdate, memory: StageMemory, tokens: TokenCount) {
            self.update = update
            self.memory = memory
            self.tokens = tokens
        }
    }

    /// - Parameter step: the update's number, from 0; randomness depends on it
    /// - Throws: `TrainingStopped`, `NotFinite`, and what the stage throws
    func update(_ batches: UpdateBatches, step: Int, memory: StageMemory) throws -> Result {
        do {
            var (memory, tokens) = (memory, TokenCount())
            let steps = Steps(engine: self, step: step, microBatches: batches.groups.joined().count)
            let update = try stage.update(batches.groups, by: steps, memory: &memory)
            lastUpdate = step
            for items in batches.groups.joined() {
                tokens.add(
                    try stage.countedRows(of: items), paddedTo: stage.paddingMultiple, counting: counting)
            }
            return Result(update: update, memory: memory, tokens: tokens)
        } catch {
            for parameter in parameters { parameter.clearGradient() }
            throw error
        }
    }

    /// The loss of one batch of an evaluation.
    ///
    /// - Throws: `TrainingStopped`, `NotFinite`, and what the stage throws
    func evaluate(_ items: [PreparedItem], memory: StageMemory) throws -> StageLoss {
        if control.isStopping { throw TrainingStopped() }
        var memory = memory
        let tape = Tape(
            recording: false, update: lastUpdate, auxiliaryShare: stage.takesAuxiliaryLosses ? 1 : nil)
        var loss = try stage.loss(
            of: items, divisor: stage.divisor(of: [items]), learner: learner, on: tape, memory: &memory)
        loss.value += tape.auxiliaryLoss
        try NotFinite.check(loss.value, "evaluation loss")
        return loss
    }

    /// Changes each parameter as soon as its gradient is complete; nil where that waits for the whole pass.
    private var gradientWatch: GradientWatch? {
        guard rule.isLayerwise else { return nil }
        return GradientWatch { [self] parameter in
            guard parameter.gradient != nil else { return }
            countGradients()
            try rule.update(parameter)
        }
    }

    private func countGradients() {
        let bytes = parameters.reduce(0) { $0 + ($1.gradient?.byteCount ?? 0) }
        mostGradientBytes = max(mostGradientBytes, bytes)
    }

    /// The steps of one update.
    private struct Steps: UpdateSteps {
        let engine: UpdateEngine
        let step: Int
        let microBatches: Int

        var learner: Learner { engine.learner }

        func tape(pass: Int) throws -> Tape {
            if engine.control.isStopping { throw TrainingStopped() }
            let randomness = RandomContext(seed: engine.seed, step: step, microBatch: pass)
            return Tape(
                recording: true, randomness: engine.stage.usesDropout ? randomness : nil,
                checkpointPolicy: engine.checkpointPolicy, precision: engine.precision, watch: engine.gradientWatch,
                update: step, auxiliaryShare: engine.stage.takesAuxiliaryLosses ? 1 / Float(microBatches) : nil)
        }

        func backward(_ loss: StageLoss, on tape: Tape) throws -> Double {
            let value = loss.value + tape.auxiliaryLoss
            try NotFinite.check(value, "loss")
            if let variable = loss.variable {
                try tape.backward(from: variable)
            } else {
                try tape.backwardFromAuxiliaryLosses()
            }
            return value
        }

        func changeParameters() throws -> (norm: Double, learningRate: Double) {
            engine.countGradients()
            engine.trainedRows?.clearOtherGradients()
            let result = try engine.rule.update()
            try NotFinite.check(result.norm, "gradient norm")
            return result
        }
    }
}

/// A number of an update that is not finite, by which it was given up.
struct NotFinite: Error {
    var what: String
    var value: Double

    /// A rehearsal's numbers mean nothing.
    static func check(_ value: Double, _ what: String) throws {
        guard value.isFinite || Rehearsal.isActive else { throw NotFinite(what: what, value: value) }
    }
}

extension CheckpointPolicy {
    /// Small models keep their layers' insides: recomputing gives the same numbers and takes longer.
    private static let usual = 512 << 20

    /// - Parameter keepBelow: what a plan found, which holds where the user leaves it open
    init(_ configuration: RunConfiguration, keepBelow: Int?) {
        let chosen = configuration.leavesRecomputationOpen ? keepBelow : nil
        self =
            configuration[Parameters.disableGradientCheckpointing]
            ? .keep : .keepWhileBelow(liveBytes: chosen ?? Self.usual)
    }
}

extension MatmulPrecision {
    /// What a run asks for; the values of `matmul_precision` are the names of the cases.
    init(_ configuration: RunConfiguration) {
        self = Self(rawValue: configuration.matmulPrecisionInEffect(hasTiles: CPUFeatures.hasTiles)) ?? .highest
    }
}
