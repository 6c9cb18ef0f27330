import Checkpoints
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tokenization
import WeightFiles

/// Writes a run's checkpoints and lets old ones go.
final class RunSaver {
    /// Why a checkpoint is written, which decides what is in it and how long it stays.
    enum Reason {
        /// The run's settings ask for it.
        case regular
        /// Somebody asked for it: everything to go on is in it, whatever the settings say.
        case requested
        /// The run is going to be left: as above, and it goes when the run has gone on.
        case pause
    }

    /// A checkpoint of this run.
    private struct Saved {
        var step: Int
        var path: String
        var isResumable: Bool
        /// What it was made from; nil for one that an earlier process wrote.
        var snapshot: (progress: RunProgress, scheduler: JSONValue)?
    }

    let output: OutputFolder
    private let prepared: PreparedRun
    private let rule: UpdateRule
    private let identifier: String
    private let conditions: CheckpointManifest.Conditions
    private var newest: Saved?
    /// Checkpoints that are there for a pause only: in whole, or some of their files.
    private var passing: [Int: CheckpointFolders.Share]

    private var configuration: RunConfiguration { prepared.configuration }

    /// - Parameter resumed: the checkpoint that the run goes on from
    init(
        _ prepared: PreparedRun, rule: UpdateRule, output: OutputFolder, identifier: String,
        conditions: CheckpointManifest.Conditions, resumed: (step: Int, path: String)?
    ) {
        self.prepared = prepared
        self.rule = rule
        self.output = output
        self.identifier = identifier
        self.conditions = conditions
        newest = resumed.map { Saved(step: $0.step, path: $0.path, isResumable: true) }
        passing = CheckpointFolders.passing(in: output.path, run: identifier)
    }

    /// Step and path of the newest checkpoint, if there is one.
    var newestCheckpoint: (step: Int, path: String)? { newest.map { ($0.step, $0.path) } }

    /// Does what an earlier process was about to do after it had written a checkpoint.
    func tidyUp(_ progress: RunProgress) throws {
        try letPass(except: progress.step)
        try prune(best: progress.state.bestStep)
    }

    /// Writes the state at hand, then lets old checkpoints go.
    ///
    /// - Parameter progress: learns where the best checkpoint is
    /// - Returns: the checkpoint's path
    func save(_ progress: inout RunProgress) throws -> String {
        if let best = progress.state.bestStep, best == progress.step || stays(best) {
            progress.state.bestCheckpoint =
                "\(configuration[Parameters.outputDir])/\(CheckpointName.folder(step: best))"
        }
        let path = try write(progress, scheduler: rule.schedulerState, for: .regular)
        try tidyUp(progress)
        return path
    }

    /// Makes sure that a checkpoint leads on from the state at hand.
    ///
    /// - Returns: the path of one that was written, nil if there was no need
    func keep(_ progress: RunProgress, for reason: Reason) throws -> String? {
        let path: String
        switch PauseDecision.decide(step: progress.step, newest: newest.map { ($0.step, $0.isResumable) }) {
        case .nothing: return nil
        case .save:
            path = try write(
                progress, scheduler: rule.schedulerState, for: reason,
                passing: reason == .pause ? .whole : nil)
        case .complete:
            // What was done since then is done again, so that the files that stay are those of then.
            guard let (progress, scheduler) = newest?.snapshot else { return nil }
            path = try write(
                progress, scheduler: scheduler, for: reason, passing: reason == .pause ? .files : nil)
        }
        try letPass(except: progress.step)
        return path
    }

    /// Lets go what was kept for pauses only; the run has come to its end.
    ///
    /// - Parameter loaded: the step whose weights were loaded as the best; with room for one checkpoint, it is the one
    func finish(_ progress: RunProgress, loaded: Int?) throws {
        try letPass(except: nil)
        try prune(best: progress.state.bestStep)
        if let loaded, configuration[Parameters.saveTotalLimit] == 1 {
            try CheckpointFolders.remove(
                steps: CheckpointFolders.steps(in: output.path).filter { $0 != loaded }, in: output)
        }
    }

    /// Whether the checkpoint of `step` is one that stays.
    func stays(_ step: Int) -> Bool {
        FileSystem.isDirectory("\(output.path)/\(CheckpointName.folder(step: step))") && passing[step] != .whole
    }

    /// What a run needs to go on, beside what `save_only_model` keeps.
    private static let resumingFiles = [OptimizerFile.name, StateFile.scheduler, RunState.fileName]

    /// - Parameter share: what of the checkpoint is there for a pause only
    private func write(
        _ progress: RunProgress, scheduler: JSONValue, for reason: Reason, passing share: CheckpointFolders.Share? = nil
    ) throws -> String {
        let isResumable = reason != .regular || !configuration[Parameters.saveOnlyModel]
        let checkpoint = try CheckpointTransaction(step: progress.step, in: output)
        try writeModel(into: checkpoint)
        if isResumable {
            try OptimizerFile.write(rule.optimizerContents, into: checkpoint)
            try checkpoint.writeFile(StateFile.scheduler, bytes: StateFile.bytes(scheduler))
            try checkpoint.writeFile(
                RunState.fileName, bytes: StateFile.bytes(try JSONValue(encoding: progress.memory)))
        }
        try checkpoint.writeFile(TrainerState.fileName, bytes: progress.state.bytes)
        let path = try checkpoint.commit(
            run: identifier, conditions, passing: share.map { $0 == .whole ? .whole : .files(Self.resumingFiles) })
        newest = Saved(
            step: progress.step, path: path, isResumable: isResumable, snapshot: (progress, scheduler))
        passing[progress.step] = share
        return path
    }

    /// Weights, tokenizer and arguments: what both checkpoints and the finished model have.
    func writeModel(into folder: some CheckpointOutput) throws {
        try prepared.model.save(into: folder)
        for file in try prepared.tokenizer.files() { try folder.writeFile(file.name, bytes: file.contents) }
        let arguments = JSONValue(configuration.effectiveValues)
        try folder.writeFile(StateFile.trainingArguments, bytes: StateFile.bytes(arguments))
    }

    /// Of checkpoints for pauses only the newest is needed, and only as long as nothing newer leads on.
    private func letPass(except step: Int?) throws {
        guard step == nil || newest?.isResumable == true else { return }
        for old in passing.keys.sorted() where old != step {
            try CheckpointFolders.letPass(step: old, in: output)
            passing[old] = nil
        }
    }

    private func prune(best: Int?) throws {
        let steps = CheckpointFolders.stepsByAge(in: output.path).filter { passing[$0] != .whole }
        let superfluous = CheckpointRetention.stepsToRemove(
            oldestFirst: steps, limit: configuration[Parameters.saveTotalLimit], best: best)
        try CheckpointFolders.remove(steps: superfluous.filter { passing[$0] == nil }, in: output)
    }
}
