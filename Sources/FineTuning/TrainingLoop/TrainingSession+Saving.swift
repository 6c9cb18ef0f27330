import Adapters
import Checkpoints
import Datasets
import JSONDocuments
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import Tokenization
import TrainingStages
import WeightFiles

extension TrainingSession {
    /// Writes the state after the update just made, then lets old checkpoints go.
    ///
    /// - Parameter isForStopping: the run is going to go on from here, or somebody wants to, so `save_only_model` does not hold
    func saveCheckpoint(isForStopping: Bool = false) throws {
        report(.phase(.saving))
        try log.synchronize()
        memory.logBytes = try log.byteCount
        if let best = state.bestStep {
            let folder = CheckpointName.folder(step: best)
            if best == state.step || FileSystem.isDirectory("\(output.path)/\(folder)") {
                state.bestCheckpoint = "\(configuration[Parameters.outputDir])/\(folder)"
            }
        }
        let checkpoint = try CheckpointTransaction(step: state.step, in: output)
        try writeModel(into: checkpoint)
        if isForStopping || !configuration[Parameters.saveOnlyModel] {
            try OptimizerFile.write(rule.optimizerContents, into: checkpoint)
            try checkpoint.writeFile(StateFile.scheduler, bytes: jsonBytes(try rule.schedulerState))
            try checkpoint.writeFile(RunState.fileName, bytes: jsonBytes(try JSONValue(encoding: memory)))
        }
        try checkpoint.writeFile(TrainerState.fileName, bytes: state.bytes)
        let path = try checkpoint.commit(run: run.identifier, conditions)
        lastCheckpoint = (state.step, path)
        report(.checkpoint(step: state.step, path: path))
        let superfluous = CheckpointRetention.stepsToRemove(
            oldestFirst: CheckpointFolders.stepsByAge(in: output.path),
            limit: configuration[Parameters.saveTotalLimit], best: state.bestStep)
        try CheckpointFolders.remove(steps: superfluous, in: output.path)
        report(.phase(.training))
    }

    /// Weights, tokenizer and arguments: what both checkpoints and the finished model have.
    func writeModel(into folder: some CheckpointOutput) throws {
        try prepared.model.save(into: folder)
        for file in try prepared.tokenizer.files() { try folder.writeFile(file.name, bytes: file.contents) }
        let arguments = JSONValue(configuration.effectiveValues)
        try folder.writeFile(StateFile.trainingArguments, bytes: jsonBytes(arguments))
    }

    private func jsonBytes(_ value: JSONValue) -> [UInt8] {
        value.serializedBytes(.indented(2)) + [UInt8(ascii: "\n")]
    }
}
