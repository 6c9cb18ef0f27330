import Adapters
import Checkpoints
import Datasets
package import JSONDocuments
import LanguageModels
import LinuxSystem
package import RunConfiguration
import Tensors
import Tokenization
import TrainingStages

/// A whole training run: loads, prepares, trains, evaluates and writes everything that belongs to it.
///
/// It computes on the calling thread and the pool, and returns when it is done or stopped.
package struct TrainingRun: Sendable {
    package var configuration: RunConfiguration
    package var paths: PathResolver
    /// Names the run across restarts, so that it finds its own checkpoints.
    package var identifier: String
    /// Whether a process that was to do this run was there before.
    package var isContinuation: Bool
    /// Bytes of tensors up to which layers keep their insides, as the run's plan found; nil without one.
    package var keepBelow: Int?

    package init(
        configuration: RunConfiguration, paths: PathResolver, identifier: String = "run", isContinuation: Bool = false,
        keepBelow: Int? = nil
    ) {
        self.configuration = configuration
        self.paths = paths
        self.identifier = identifier
        self.isContinuation = isContinuation
        self.keepBelow = keepBelow
    }

    package struct Outcome: Sendable {
        /// False after `TrainingControl.stop`.
        package var isFinished: Bool
        package var step: Int
        /// What all_results.json got from this run.
        package var metrics: JSONObject
    }

    /// Does everything that the configuration asks for.
    ///
    /// - Throws: what the modules below throw, `TrainingError`, `CheckpointError`
    package func run(
        control: TrainingControl = TrainingControl(), report: @escaping (TrainingEvent) -> Void
    ) throws -> Outcome {
        let configuration = try configuration.validated(for: .training)
        guard configuration[Parameters.doTrain] || configuration.evaluates else { throw TrainingError.nothingToDo }
        do {
            let output = try OutputFolder(
                path: paths.absolute(configuration[Parameters.outputDir], parameter: "output_dir"))
            try CheckpointFolders.removeLeftovers(in: output)
            let resume = try resumeDecision(configuration, output: output, report: report)
            let prepared = try prepare(configuration, control: control, report: report)
            let session = try TrainingSession(
                run: self, prepared: prepared, output: output, resume: resume, control: control, report: report)
            return try session.perform()
        } catch is TrainingStopped {
            // Nothing was trained yet: there is nothing to keep.
            return Outcome(isFinished: false, step: 0, metrics: [:])
        }
    }

    private func resumeDecision(
        _ configuration: RunConfiguration, output: OutputFolder, report: (TrainingEvent) -> Void
    ) throws -> ResumeDecision {
        guard configuration[Parameters.doTrain] else { return .startAnew }
        let (findings, passedOver) = ResumeDecision.findings(in: output.path, run: identifier)
        for problem in passedOver { report(.note("a checkpoint is passed over: \(problem)")) }
        var request = configuration[Parameters.resumeFromCheckpoint]
        if case .path(let path) = request {
            request = .path(try paths.absolute(path, parameter: "resume_from_checkpoint"))
        }
        let decision = try ResumeDecision.decide(
            request: request, overwrites: configuration[Parameters.overwriteOutputDir],
            isContinuation: isContinuation, output: output.path, findings: findings)
        if case .resume(let path, let automatic) = decision {
            guard FileSystem.isDirectory(path) else { throw CheckpointError.notFound(path: path) }
            report(
                .note(
                    "training goes on from \(path)"
                        + (automatic && !isContinuation
                            ? " (to start anew, give another `output_dir` or set `overwrite_output_dir: true`)" : "")))
        }
        return decision
    }

    private func prepare(
        _ configuration: RunConfiguration, control: TrainingControl, report: (TrainingEvent) -> Void
    ) throws -> PreparedRun {
        try TrainingStages.check(configuration)
        try checkDeepSpeedFile(configuration, paths) { report(.note($0)) }
        report(.phase(.tokenizing))
        let folders = try ModelFolders(configuration, paths: paths)
        let text = try RunTokenizer(
            configuration, modelFolder: folders.model, adapterFolders: folders.adapters, paths: paths)
        for warning in text.warnings { report(.note(warning)) }
        let stage = try TrainingStages.stage(configuration, tokenizer: text.tokenizer)
        let isStreamed = configuration[Parameters.streaming] && configuration[Parameters.doTrain]
        if isStreamed, configuration[Parameters.tokenizedPath] == nil {
            return try prepareStream(configuration, folders, text, stage, report)
        }
        let data = try prepareData(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template,
            stage: configuration[Parameters.stage],
            workingDirectory: paths.dataDirectory(of: configuration), saved: .readAndWritten
        ) { _, _ in
            if control.isStopping { throw TrainingStopped() }
        }
        for line in data.report.lines { report(.note(line)) }
        let evaluations = data.evaluations.map { Evaluation(name: $0.name, items: $0.items) }
        if configuration[Parameters.doTrain], data.training.isEmpty { throw TrainingError.noTrainingItems }
        for item in data.training { try stage.check(item) }
        try check(evaluations, configuration, stage)
        let model = try loadModel(configuration, stage, folders, text, report)
        return PreparedRun(
            configuration: configuration, stage: stage, tokenizer: text.tokenizer, model: model,
            training: isStreamed ? [] : data.training, stream: isStreamed ? KeptItemStream(data.training) : nil,
            evaluations: evaluations, dataHash: PreparedRun.hash(data.training))
    }

    private func check(
        _ evaluations: [Evaluation], _ configuration: RunConfiguration, _ stage: any TrainingStage
    ) throws {
        if configuration.evaluates, evaluations.allSatisfy(\.items.isEmpty) { throw TrainingError.noEvaluationItems }
        for item in evaluations.flatMap(\.items) { try stage.check(item) }
    }

    private func prepareStream(
        _ configuration: RunConfiguration, _ folders: ModelFolders, _ text: RunTokenizer, _ stage: any TrainingStage,
        _ report: (TrainingEvent) -> Void
    ) throws -> PreparedRun {
        let stream = try DataStream(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template,
            workingDirectory: paths.dataDirectory(of: configuration))
        for line in stream.notes + stream.evaluationParts.flatMap(\.lines) { report(.note(line)) }
        if try stream.isAtEnd() { throw TrainingError.noTrainingItems }
        let evaluations = stream.evaluations.map { Evaluation(name: $0.name, items: $0.items) }
        try check(evaluations, configuration, stage)
        let model = try loadModel(configuration, stage, folders, text, report)
        return PreparedRun(
            configuration: configuration, stage: stage, tokenizer: text.tokenizer, model: model, training: [],
            stream: stream, evaluations: evaluations, dataHash: stream.identity)
    }

    private func loadModel(
        _ configuration: RunConfiguration, _ stage: any TrainingStage, _ folders: ModelFolders,
        _ text: RunTokenizer, _ report: (TrainingEvent) -> Void
    ) throws -> RunModel {
        report(.phase(.loading))
        if MatmulPrecision(configuration) != .highest, case .unavailable(let reason) = MatrixTiles.request() {
            report(.note("`matmul_precision` is computed without tiles, slower and with the same numbers: \(reason)"))
        }
        let model = try RunModel(
            configuration, stage: stage, folders: folders, text: text, note: { report(.note($0)) })
        report(.note(model.parameterLine))
        if configuration[Parameters.printParamStatus] {
            for line in model.trainable.statusLines { report(.note(line)) }
        }
        return model
    }
}
