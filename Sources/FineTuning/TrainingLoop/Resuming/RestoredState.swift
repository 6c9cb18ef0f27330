import Checkpoints
import JSONDocuments

/// The state that a checkpoint holds, after weights and optimizer were put in place.
struct RestoredState {
    var state: TrainerState
    var memory: RunState

    /// Restores `model` and `rule` from a checkpoint's folder.
    init(
        from folder: String, model: TrainableModel, rule: UpdateRule, conditions: CheckpointManifest.Conditions,
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
        state = try TrainerState(json, path: folder)
        state.cutHistory(after: state.step)
        memory = try RunState.read(from: folder) ?? RunState()
        if memory.lastLoggedStep == 0 && memory.totalLoss == 0 { memory.lastLoggedStep = state.step }
        try model.load(from: folder)
        try rule.restore(optimizer, scheduler: StateFile.read(StateFile.scheduler, from: folder), folder: folder)
    }
}
