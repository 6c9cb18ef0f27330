import Checkpoints
import JSONDocuments

/// The state that a checkpoint holds, after weights and optimizer were put in place.
struct RestoredState {
    var progress = RunProgress()

    /// Restores `model` and `rule` from a checkpoint's folder.
    init(
        from folder: String, model: RunModel, rule: UpdateRule, conditions: CheckpointManifest.Conditions,
        report: (TrainingEvent) -> Void
    ) throws {
        do {
            let manifest = try CheckpointManifest.read(from: folder)
            try manifest.verify(in: folder)
            for difference in conditions.differences(from: manifest.conditions) {
                report(.note("going on is not byte-identical to a run without interruption: \(difference)"))
            }
        } catch CheckpointError.noManifest {
            report(.note("\(folder) was written by another program; it is used because it was named"))
        }
        let optimizer = try OptimizerFile.read(from: folder)
        guard let json = try StateFile.read(TrainerState.fileName, from: folder) else {
            throw CheckpointError.damaged(path: folder, problem: "\(TrainerState.fileName) is missing")
        }
        progress.state = try TrainerState(json, path: folder)
        progress.state.cutHistory(after: progress.step)
        if let memory = try RunState.read(from: folder) {
            progress.memory = memory
        } else {
            progress.memory.lastLoggedStep = progress.step
        }
        try model.load(from: folder)
        try rule.restore(optimizer, scheduler: StateFile.read(StateFile.scheduler, from: folder), folder: folder)
    }
}
