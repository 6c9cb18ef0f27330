import Datasets
import LanguageModels
import LinuxSystem
package import RunConfiguration
import Tensors
import TrainingStages

/// Finds the plan of a run: prepares tokenizer and data as the run would, then rehearses its steps.
///
/// To be used in a process of its own, because it measures what that process holds. The model's tensors are not read.
package final class RunPlanner {
    private let paths: PathResolver
    private let control: TrainingControl
    private var prepared: Prepared?
    private var speed: MachineSpeed?
    /// What the process held once tokenizer and data were there, the first time.
    private var process: (anonymous: Int, program: Int, peak: Int)?

    private struct Prepared {
        var cutoff: Int
        var text: RunTokenizer
        var data: PreparedData

        /// Everything that the run reads.
        var items: [PreparedItem] { data.training + data.evaluations.flatMap(\.items) }
    }

    /// - Parameter speed: the machine's speed where it is known
    package init(paths: PathResolver, speed: MachineSpeed? = nil, control: TrainingControl = TrainingControl()) throws {
        self.paths = paths
        self.speed = speed
        self.control = control
        try MachineSpeed.warmUp()
    }

    /// - Parameter share: the peak up to which layers keep their insides instead of being computed again, where the
    ///   configuration leaves that open
    package func plan(_ configuration: RunConfiguration, keepingWithin share: Int? = nil) throws -> RunPlan {
        let configuration = try configuration.validated(for: .training)
        let least = try plan(configuration, keepBelow: nil)
        guard let share, configuration.leavesRecomputationOpen, least.recomputedShare > 0,
            least.memory.peakAnonymous < share
        else { return least }
        // With the whole share as a bound most runs keep every layer. Where that is too much, because gradients and
        // what the optimizer remembers come after the layers, the highest bound that is not is looked for.
        let all = try plan(configuration, keepBelow: share)
        if all.memory.peakAnonymous <= share { return all }
        var (best, fitting, exceeding) = (least, 0, share)
        for _ in 0..<Self.halvings {
            let bound = (fitting + exceeding) / 2
            let plan = try plan(configuration, keepBelow: bound)
            if plan.memory.peakAnonymous <= share {
                fitting = bound
                if plan.recomputedShare < best.recomputedShare { best = plan }
            } else {
                exceeding = bound
            }
        }
        return best
    }

    private static let halvings = 6

    private func plan(_ configuration: RunConfiguration, keepBelow: Int?) throws -> RunPlan {
        let folders = try ModelFolders(configuration, paths: paths)
        let prepared = try prepare(configuration, folders)
        let data = prepared.data
        if configuration[Parameters.doTrain], data.training.isEmpty { throw TrainingError.noTrainingItems }
        if configuration.evaluates, data.evaluations.allSatisfy(\.items.isEmpty) {
            throw TrainingError.noEvaluationItems
        }
        let stage = try TrainingStages.stage(configuration, tokenizer: prepared.text.tokenizer)
        let rehearsed = try RehearsedRun(
            configuration, stage: stage, training: data.training,
            evaluations: data.evaluations.map { Evaluation(name: $0.name, items: $0.items) }, keepBelow: keepBelow,
            control: control
        ) {
            try RunModel(configuration, stage: stage, folders: folders, text: prepared.text, note: { _ in })
        }
        var plan = try plan(configuration, rehearsed, prepared)
        plan.keepBelow = keepBelow
        plan.recomputedShare = rehearsed.recomputedShare
        return plan
    }

    /// Tokenizer and data; kept as long as the same are asked for.
    private func prepare(_ configuration: RunConfiguration, _ folders: ModelFolders) throws -> Prepared {
        let cutoff = configuration[Parameters.cutoffLen]
        if let prepared, prepared.cutoff == cutoff { return prepared }
        try TrainingStages.check(configuration)
        let text =
            try prepared?.text
            ?? RunTokenizer(
                configuration, modelFolder: folders.model, adapterFolders: folders.adapters, paths: paths)
        let data = try prepareData(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template,
            stage: configuration[Parameters.stage], workingDirectory: paths.dataDirectory(of: configuration),
            saved: prepared == nil ? .read : .ignored
        ) { [control] _, _ in
            if control.isStopping { throw TrainingStopped() }
        }
        let fresh = Prepared(cutoff: cutoff, text: text, data: data)
        prepared = fresh
        if process == nil, let usage = MemoryUsage() {
            process = (usage.anonymous, usage.resident - usage.anonymous, usage.peak)
        }
        return fresh
    }

    private func plan(
        _ configuration: RunConfiguration, _ rehearsed: RehearsedRun, _ prepared: Prepared
    ) throws -> RunPlan {
        var plan = RunPlan()
        plan.trainableCount = rehearsed.account.trainableCount
        plan.parameterCount = rehearsed.account.parameterCount
        plan.longestItem = prepared.items.flatMap(\.rows).map(\.inputIDs.count).max() ?? 0
        plan.largestBatch = rehearsed.largestBatch
        plan.memory = rehearsed.memory
        plan.memory.process = process?.anonymous ?? 0
        plan.memory.program = process?.program ?? 0
        plan.memory.preparation = process?.peak ?? 0
        let precision = MatmulPrecision(configuration)
        plan.matmulPrecision = precision.rawValue
        let speed = try speed ?? rehearsed.measureSpeed(precision)
        self.speed = speed
        plan.speed = speed
        plan.time = rehearsed.time(at: speed)
        return plan
    }
}
