import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tensors
import TrainingLoop

/// Plans a run and, where it needs too much, looks for what would fit: `worker.plan`.
struct TrainingJobPlan: TrainingWork {
    private let parameters: WorkerPlan.Parameters

    /// Alternatives are looked for no longer than this.
    private static let mostSeconds = 20.0

    init(_ parameters: WorkerPlan.Parameters) { self.parameters = parameters }

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        if parameters.threads > 0 { try ComputePool.configure(threads: parameters.threads) }
        _ = try BLAS.load()
        let configuration = try parameters.config.configuration(overrides: parameters.overrides)
        let planner = try RunPlanner(
            paths: PathResolver(configuration, workingDirectory: parameters.workingDirectory),
            speed: parameters.speed.map {
                MachineSpeed(operations: $0.operations, bytes: $0.bytes, secondsPerCall: $0.secondsPerCall)
            }, control: control)
        do {
            return try JSONValue(encoding: plan(configuration, planner))
        } catch {
            if control.isStopping { throw ServiceError(.cancelled, "the planning was cancelled") }
            throw error
        }
    }

    private func plan(_ configuration: RunConfiguration, _ planner: RunPlanner) throws -> MemoryPlan {
        var plan = MemoryPlan(
            try planner.plan(configuration, keepingWithin: parameters.share.map(MemoryPlan.peak(reserving:))))
        plan.budgetBytes = parameters.budget
        if !plan.fits {
            plan.alternative = try alternative(to: configuration, longestItem: plan.longestItem, planner)
        }
        return plan
    }

    private func alternative(
        to configuration: RunConfiguration, longestItem: Int, _ planner: RunPlanner
    ) throws -> MemoryPlan.Alternative? {
        guard let budget = parameters.budget else { return nil }
        let start = MonotonicClock.seconds
        for overrides in PlanAlternatives.overrides(for: configuration, longestItem: longestItem) {
            if MonotonicClock.seconds - start > Self.mostSeconds { return nil }
            let changed = try parameters.config.configuration(overrides: parameters.overrides + overrides)
            // A change that another parameter forbids is none.
            guard changed.problems(for: .training).isEmpty else { continue }
            let peak = try planner.plan(changed).memory.peakAnonymous
            if MemoryPlan.reservation(peakAnonymousBytes: peak) <= budget {
                return MemoryPlan.Alternative(overrides: overrides, peakAnonymousBytes: peak)
            }
        }
        return nil
    }
}

extension MemoryPlan {
    init(_ plan: RunPlan) {
        let memory = plan.memory
        self.init(
            parts: [
                Part("copied_weights", memory.copiedWeights), Part("trainable_parameters", memory.parameters),
                Part("gradients", memory.gradients), Part("optimizer", memory.optimizer),
                Part("activations", memory.activations), Part("process_and_data", memory.process),
            ], peakAnonymousBytes: memory.peakAnonymous, mappedWeightBytes: memory.mappedWeights,
            peakResidentBytes: memory.peakResident, trainableParameters: plan.trainableCount,
            parameters: plan.parameterCount, longestItem: plan.longestItem, largestBatchTokens: plan.largestBatch,
            threads: ComputePool.shared.threads, totalSteps: plan.time.totalSteps,
            tokensPerStep: plan.time.tokensPerStep, secondsPerStep: plan.time.secondsPerStep,
            totalSeconds: plan.time.totalSeconds,
            speed: Speed(
                operations: plan.speed.operations, bytes: plan.speed.bytes, secondsPerCall: plan.speed.secondsPerCall),
            matmulPrecision: plan.matmulPrecision, recomputedShare: plan.recomputedShare,
            keepBelowBytes: plan.keepBelow)
    }
}
