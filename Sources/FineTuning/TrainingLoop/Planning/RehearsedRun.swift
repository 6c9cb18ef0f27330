import Datasets
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import TrainingStages

/// A run whose steps were gone through with every allocation and no computation.
struct RehearsedRun {
    private(set) var memory = RunPlan.Memory()
    private(set) var trainableCount = 0
    private(set) var parameterCount = 0
    private(set) var largestBatch = 0

    /// The work of some steps in the order of the run, and of one pass over the evaluation data.
    private var steps = (work: Rehearsal.Figures(), count: 0, tokens: 0, micro: 0)
    private var evaluation = Rehearsal.Figures()
    private var totalSteps = 0
    private var evaluations = 0
    private var sizes = (hidden: 1, feedForward: 1, format: WeightFormat.float32)

    /// Steps gone through in the run's order at most, and seconds spent on them: by then every size has occurred
    /// that an average step has, and the largest ones are added in any case.
    private static let mostSteps = 200
    private static let mostSeconds = 2.0
    private static let extremes = 4

    init(
        _ configuration: RunConfiguration, modelFolder: String, adapterFolders: [String], data: PreparedData,
        control: TrainingControl
    ) throws {
        let rehearsal = Rehearsal(threads: ComputePool.shared.threads)
        try rehearsal.run {
            let model = try TrainableModel(
                configuration, modelFolder: modelFolder, adapterFolders: adapterFolders, note: { _ in })
            describe(model, built: rehearsal.figures.residentBytes, data)
            if configuration[Parameters.doTrain] {
                try train(model, configuration, data.train, rehearsal, control)
            }
            if let items = data.evaluation, !items.isEmpty {
                try evaluate(model, configuration, items, rehearsal, control)
            }
        }
        let kept = memory.copiedWeights + memory.parameters + memory.gradients + memory.optimizer
        memory.activations = max(0, rehearsal.figures.peakResidentBytes - kept)
    }

    private mutating func describe(_ model: TrainableModel, built: Int, _ data: PreparedData) {
        let values = model.base.tensors.map(\.value)
        let frozen = values.filter { $0.parameterToTrain == nil }
        let floats = MemoryLayout<Float>.stride
        trainableCount = model.trainableCount
        parameterCount = model.count
        memory.parameters = trainableCount * floats
        memory.copiedWeights = max(0, built - memory.parameters)
        let stored = frozen.reduce(0) { $0 + $1.byteCount }
        memory.mappedWeights = max(0, stored - memory.copiedWeights - unreadEmbedding(model, data))
        let shape = model.base.configuration
        sizes = (shape.hiddenSize, shape.intermediateSize, .float32)
        for case .frozen(let weight) in frozen where weight.shape.count == 2 {
            sizes.format = weight.format ?? .float32
        }
    }

    /// Bytes of a frozen embedding that no token of the data refers to, when it is not the output head as well.
    private func unreadEmbedding(_ model: TrainableModel, _ data: PreparedData) -> Int {
        guard !model.base.configuration.tiesEmbeddings, memory.copiedWeights == 0,
            let table = model.base.tensors.first?.value, table.parameterToTrain == nil
        else { return 0 }
        // The kernel maps sixteen pages around the one that is asked for (`fault_around_bytes`).
        let (block, row) = (65536, table.byteCount / max(1, table.rows))
        var blocks: Set<Int> = []
        for item in data.train + (data.evaluation ?? []) {
            for id in item.inputIDs {
                let start = Int(id) * row
                for number in start / block...(start + row) / block { blocks.insert(number) }
            }
        }
        return max(0, table.byteCount - blocks.count * block)
    }

    // MARK: Steps

    private mutating func train(
        _ model: TrainableModel, _ configuration: RunConfiguration, _ items: [TrainingItem], _ rehearsal: Rehearsal,
        _ control: TrainingControl
    ) throws {
        let (size, accumulation) = (
            configuration[Parameters.perDeviceTrainBatchSize], configuration[Parameters.gradientAccumulationSteps]
        )
        let plan = try StepPlan(
            items: items.count, batchSize: size, accumulation: accumulation,
            epochs: configuration[Parameters.numTrainEpochs], maxSteps: configuration[Parameters.maxSteps],
            dropLast: configuration[Parameters.dataloaderDropLast])
        let batches = DataOrder(
            count: items.count, seed: UInt64(max(0, configuration.dataSeed)), batchSize: size,
            accumulation: accumulation,
            shuffling: configuration[Parameters.disableShuffling] ? .none : .permutation
        ).batches(epoch: 0, dropLast: configuration[Parameters.dataloaderDropLast])
        totalSteps = plan.totalSteps
        evaluations = Self.evaluations(StepDecisions(configuration, totalSteps: totalSteps), plan)
        let rule = try UpdateRule(configuration, parameters: model.parameters, totalSteps: totalSteps)
        (memory.optimizer, memory.gradients) = rule.byteCounts
        let loss = CausalLoss(labelSmoothing: configuration[Parameters.labelSmoothingFactor])
        func step(_ number: Int, _ groups: [[TrainingItem]]) throws {
            if control.isStopping { throw TrainingStopped() }
            for (micro, items) in groups.enumerated() {
                let tape = Tape(
                    recording: true, randomness: RandomContext(seed: 0, step: number, microBatch: micro),
                    checkpointPolicy: CheckpointPolicy(configuration))
                let share = try loss.share(
                    of: items, divisor: 1, model: model.base, adapter: model.adapter, on: tape)
                if share.positions > 0 { try tape.backward(from: share.variable) }
            }
            _ = try rule.update()
        }
        let start = MonotonicClock.seconds
        for number in 0..<min(plan.stepsPerEpoch, Self.mostSteps, totalSteps) {
            let groups = batches[plan.place(ofStep: number).batches].map { $0.map { items[$0] } }
            try step(number, groups)
            steps.count += 1
            steps.micro += groups.count
            steps.tokens += groups.joined().reduce(0) { $0 + $1.inputIDs.count }
            if number > 0, MonotonicClock.seconds - start > Self.mostSeconds { break }
        }
        steps.work = rehearsal.figures
        // A run that ends within its first epoch does not get to all of them.
        let reached =
            totalSteps < plan.stepsPerEpoch ? plan.place(ofStep: max(1, totalSteps) - 1).batches.upperBound : .max
        let groups = batches.prefix(reached).map { $0.map { items[$0] } }
        largestBatch = groups.map(Self.tokens).max() ?? 0
        for (number, group) in Self.largest(groups).enumerated() { try step(steps.count + number, [group]) }
    }

    private mutating func evaluate(
        _ model: TrainableModel, _ configuration: RunConfiguration, _ items: [TrainingItem], _ rehearsal: Rehearsal,
        _ control: TrainingControl
    ) throws {
        let batches = DataOrder.batches(
            of: Array(items.indices), size: configuration[Parameters.perDeviceEvalBatchSize],
            dropLast: configuration[Parameters.dataloaderDropLast]
        ).map { $0.map { items[$0] } }
        evaluations += configuration.evaluates ? 1 : 0
        let loss = CausalLoss(labelSmoothing: configuration[Parameters.labelSmoothingFactor])
        let before = rehearsal.figures
        let some = batches.count <= Self.mostSteps ? batches : Array(batches.prefix(Self.mostSteps))
        for batch in some {
            if control.isStopping { throw TrainingStopped() }
            _ = try loss.share(
                of: batch, divisor: 1, model: model.base, adapter: model.adapter, on: Tape(recording: false))
        }
        let factor = Double(batches.count) / Double(max(1, some.count))
        evaluation = (rehearsal.figures - before) * factor
        largestBatch = max(largestBatch, batches.map(Self.tokens).max() ?? 0)
        for batch in Self.largest(batches) {
            _ = try loss.share(
                of: batch, divisor: 1, model: model.base, adapter: model.adapter, on: Tape(recording: false))
        }
    }

    private static func tokens(_ items: [TrainingItem]) -> Int { items.reduce(0) { $0 + $1.inputIDs.count } }

    /// The groups with most tokens and with most labels.
    private static func largest(_ groups: [[TrainingItem]]) -> [[TrainingItem]] {
        func labels(_ items: [TrainingItem]) -> Int { items.reduce(0) { $0 + $1.labelledCount } }
        return [tokens, labels].flatMap { measure in
            groups.map { (size: measure($0), items: $0) }.sorted { $0.size > $1.size }.prefix(extremes).map(\.items)
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
    func measureSpeed() throws -> MachineSpeed {
        try MachineSpeed.measured(
            rows: steps.micro > 0 ? steps.tokens / steps.micro : largestBatch, hidden: sizes.hidden,
            feedForward: sizes.feedForward, format: sizes.format)
    }

    func time(at speed: MachineSpeed) -> RunPlan.Time {
        var time = RunPlan.Time()
        time.totalSteps = totalSteps
        time.evaluations = evaluations
        let count = Double(max(1, steps.count))
        time.tokensPerStep = Double(steps.tokens) / count
        if totalSteps > 0 {
            time.secondsPerStep = speed.seconds(steps.work) / count + speed.seconds(updating: trainableCount)
        }
        time.secondsPerEvaluation = speed.seconds(evaluation)
        return time
    }
}

extension CheckpointPolicy {
    /// Small models keep their layers' insides: recomputing gives the same numbers and takes longer.
    init(_ configuration: RunConfiguration) {
        self =
            configuration[Parameters.disableGradientCheckpointing] ? .keep : .keepWhileBelow(liveBytes: 512 << 20)
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
