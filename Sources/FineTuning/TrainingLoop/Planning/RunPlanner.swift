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
        let folder = try paths.modelFolder(
            configuration[Parameters.modelNameOrPath] ?? "", parameter: "model_name_or_path")
        let data = try prepare(configuration, modelFolder: folder)
        if configuration[Parameters.doTrain], data.train.isEmpty { throw TrainingError.noTrainingItems }
        if configuration.evaluates, data.evaluation?.isEmpty ?? true { throw TrainingError.noEvaluationItems }
        let rehearsed = try RehearsedRun(
            configuration, modelFolder: folder, adapterFolders: adapterFolders(configuration), data: data,
            control: control)
        return try plan(configuration, rehearsed, data)
    }

    private func adapterFolders(_ configuration: RunConfiguration) throws -> [String] {
        try (configuration[Parameters.adapterNameOrPath] ?? []).map {
            try paths.modelFolder($0, parameter: "adapter_name_or_path")
        }
    }

    /// Tokenizer and data; kept as long as the same are asked for.
    private func prepare(_ configuration: RunConfiguration, modelFolder: String) throws -> PreparedData {
        let cutoff = configuration[Parameters.cutoffLen]
        if let prepared, prepared.cutoff == cutoff { return prepared.data }
        guard TrainingStages.rules(for: configuration[Parameters.stage]) != nil else {
            throw TrainingError.stageNotAvailable(configuration[Parameters.stage].rawValue)
        }
        let text = try prepared?.text ?? RunTokenizer(configuration, modelFolder: modelFolder)
        let data = try prepareData(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template,
            stage: configuration[Parameters.stage], workingDirectory: paths.workingDirectory ?? "/",
            saved: prepared == nil ? .read : .ignored
        ) { [control] _, _ in
            if control.isStopping { throw TrainingStopped() }
        }
        prepared = Prepared(cutoff: cutoff, text: text, data: data)
        if process == nil, let usage = MemoryUsage() {
            process = (usage.anonymous, usage.resident - usage.anonymous, usage.peak)
        }
        return data
    }

    private func plan(
        _ configuration: RunConfiguration, _ rehearsed: RehearsedRun, _ data: PreparedData
    ) throws -> RunPlan {
        var plan = RunPlan()
        plan.trainableCount = rehearsed.trainableCount
        plan.parameterCount = rehearsed.parameterCount
        plan.longestItem = (data.train + (data.evaluation ?? [])).map(\.inputIDs.count).max() ?? 0
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
