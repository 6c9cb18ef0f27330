import Checkpoints
import Datasets
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import TrainingStages

/// A run whose updates were gone through with every allocation and no computation.
struct RehearsedRun {
    private(set) var memory = RunPlan.Memory()
    let account: ModelAccount
    private(set) var largestBatch = 0

    /// The work of some updates in the order of the run, and of one pass over each evaluation.
    private var updates = (work: Rehearsal.Figures(), count: 0, tokens: 0, micro: 0)
    private var evaluation = Rehearsal.Figures()
    /// Blocks of the model that kept their insides in all passes together, and those that were run again.
    private var blocks = (kept: 0, recomputed: 0)
    /// The share of the latter.
    var recomputedShare: Double { Double(blocks.recomputed) / Double(max(1, blocks.kept + blocks.recomputed)) }

    private var totalSteps = 0
    private var evaluations = 0
    private let sizes: (hidden: Int, feedForward: Int, format: WeightFormat)

    /// Updates gone through in the run's order at most, and seconds spent on them: by then every size has occurred
    /// that an average one has, and the largest ones are added in any case.
    private static let mostUpdates = 200
    private static let mostSeconds = 2.0
    private static let extremes = 4

    /// - Parameters:
    ///   - evaluations: may be empty
    ///   - keepBelow: as for `UpdateEngine`
    ///   - makeModel: called within the rehearsal
    init(
        _ configuration: RunConfiguration, stage: any TrainingStage, training: [PreparedItem],
        evaluations: [Evaluation], keepBelow: Int?, control: TrainingControl, makeModel: () throws -> RunModel
    ) throws {
        let rehearsal = Rehearsal(threads: ComputePool.shared.threads)
        let doesTrain = configuration[Parameters.doTrain]
        let steps = try StepOrder(configuration, items: max(training.count, doesTrain ? 0 : 1))
        let model = try rehearsal.run(makeModel)
        account = ModelAccount(
            model, built: rehearsal.figures.residentBytes,
            rows: (training + evaluations.flatMap(\.items)).flatMap(\.rows))
        sizes = Self.sizes(model)
        try rehearsal.run {
            let rule = try UpdateRule(
                configuration, model: model, totalSteps: steps.plan.totalSteps, note: { _ in })
            let engine = UpdateEngine(
                configuration, stage: stage, model: model, rule: rule, keepBelow: keepBelow, control: control)
            if doesTrain {
                try update(engine, training, steps, rehearsal)
                self.evaluations = Self.evaluations(
                    StepDecisions(configuration, totalSteps: steps.plan.totalSteps), steps.plan)
                memory.gradients = engine.mostGradientBytes
                memory.optimizer = rule.stateByteCount
            }
            try evaluate(engine, evaluations, configuration, rehearsal)
        }
        memory.parameters = account.parameters
        memory.copiedWeights = account.copiedWeights
        memory.mappedWeights = account.mappedWeights
        let kept = memory.copiedWeights + memory.parameters + memory.gradients + memory.optimizer
        blocks = (rehearsal.figures.keptBlocks, rehearsal.figures.recomputedBlocks)
        memory.activations = max(0, rehearsal.figures.peakResidentBytes - kept)
    }

    private static func sizes(_ model: RunModel) -> (hidden: Int, feedForward: Int, format: WeightFormat) {
        let shape = model.trainable.base.configuration
        var format = WeightFormat.float32
        for case .frozen(let weight) in model.frozen where weight.shape.count == 2 {
            format = weight.format ?? .float32
        }
        return (shape.hiddenSize, shape.intermediateSize, format)
    }

    private mutating func update(
        _ engine: UpdateEngine, _ items: [PreparedItem], _ steps: StepOrder, _ rehearsal: Rehearsal
    ) throws {
        let (plan, source) = (steps.plan, steps.listed(items))
        totalSteps = plan.totalSteps
        var memory = StageMemory()
        let start = MonotonicClock.seconds
        for number in 0..<min(plan.stepsPerEpoch, Self.mostUpdates, totalSteps) {
            let batches = source.batches(ofStep: number)
            let result = try engine.update(batches, step: number, memory: memory)
            memory = result.memory
            updates.count += 1
            updates.micro += batches.groups.joined().count
            updates.tokens += result.tokens.real
            if number > 0, MonotonicClock.seconds - start > Self.mostSeconds { break }
        }
        updates.work = rehearsal.figures
        // A run that ends within its first epoch does not get to all micro-batches.
        let micro = (0..<min(plan.stepsPerEpoch, max(1, totalSteps))).flatMap {
            source.batches(ofStep: $0).groups.flatMap { $0 }
        }
        largestBatch = micro.map(Self.tokens).max() ?? 0
        for (number, items) in Self.largest(micro).enumerated() {
            let alone = UpdateBatches(groups: [[items]], epochAfter: 0, endsEpoch: false)
            memory = try engine.update(alone, step: updates.count + number, memory: memory).memory
        }
    }

    private mutating func evaluate(
        _ engine: UpdateEngine, _ evaluations: [Evaluation], _ configuration: RunConfiguration, _ rehearsal: Rehearsal
    ) throws {
        let batches = evaluations.flatMap { $0.batches(configuration) }
        guard !batches.isEmpty else { return }
        self.evaluations += configuration.evaluates ? 1 : 0
        let before = rehearsal.figures
        let some = batches.prefix(Self.mostUpdates)
        for batch in some { _ = try engine.evaluate(batch, memory: StageMemory()) }
        evaluation = (rehearsal.figures - before) * (Double(batches.count) / Double(some.count))
        largestBatch = max(largestBatch, batches.map(Self.tokens).max() ?? 0)
        for batch in Self.largest(batches) { _ = try engine.evaluate(batch, memory: StageMemory()) }
    }

    private static func tokens(_ items: [PreparedItem]) -> Int { items.reduce(0) { $0 + $1.tokenCount } }

    /// The batches with most tokens and with most labels.
    private static func largest(_ batches: [[PreparedItem]]) -> [[PreparedItem]] {
        func labels(_ items: [PreparedItem]) -> Int { items.flatMap(\.rows).reduce(0) { $0 + $1.labelledCount } }
        return [tokens, labels].flatMap { measure in
            batches.map { (size: measure($0), items: $0) }.sorted { $0.size > $1.size }.prefix(extremes).map(\.items)
        }
    }

    private static func evaluations(_ decisions: StepDecisions, _ plan: StepPlan) -> Int {
        switch decisions.evaluationStrategy {
        case .no: 0
        case .steps: (plan.totalSteps + decisions.evaluationSteps - 1) / max(1, decisions.evaluationSteps)
        case .epoch: plan.epochs
        }
    }

    // MARK: Time

    /// The machine's speed with micro-batches and layers of this run's sizes.
    func measureSpeed(_ precision: MatmulPrecision) throws -> MachineSpeed {
        try MachineSpeed.measured(
            rows: updates.micro > 0 ? updates.tokens / updates.micro : largestBatch, hidden: sizes.hidden,
            feedForward: sizes.feedForward, format: sizes.format, precision)
    }

    func time(at speed: MachineSpeed) -> RunPlan.Time {
        var time = RunPlan.Time()
        time.totalSteps = totalSteps
        time.evaluations = evaluations
        let count = Double(max(1, updates.count))
        time.tokensPerStep = Double(updates.tokens) / count
        if totalSteps > 0 {
            time.secondsPerStep = speed.seconds(updates.work) / count + speed.seconds(updating: account.trainableCount)
        }
        time.secondsPerEvaluation = speed.seconds(evaluation)
        return time
    }
}

extension Rehearsal.Figures {
    fileprivate static func - (left: Self, right: Self) -> Self {
        var result = left
        result.operations -= right.operations
        result.calls -= right.calls
        result.bytesWritten -= right.bytesWritten
        return result
    }

    fileprivate static func * (left: Self, factor: Double) -> Self {
        var result = left
        result.operations *= factor
        result.calls = Int(Double(result.calls) * factor)
        result.bytesWritten *= factor
        return result
    }
}
