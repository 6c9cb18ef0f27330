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

    package func plan(_ configuration: RunConfiguration) throws -> RunPlan {
        let configuration = try configuration.validated(for: .training)
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
            evaluations: data.evaluations.map { Evaluation(name: $0.name, items: $0.items) }, control: control
        ) {
            try RunModel(configuration, stage: stage, folders: folders, text: prepared.text, note: { _ in })
        }
        return try plan(configuration, rehearsed, prepared)
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
        let speed = try speed ?? rehearsed.measureSpeed()
        self.speed = speed
        plan.speed = speed
        plan.time = rehearsed.time(at: speed)
        return plan
    }
}
