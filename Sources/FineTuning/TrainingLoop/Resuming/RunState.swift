import Checkpoints
import JSONDocuments
package import TrainingStages

/// What a run needs to go on exactly, beyond weights, optimizer and `trainer_state.json`.
package struct RunState: Codable, Equatable, Sendable {
    static let fileName = "run_state.json"

    /// Sum of the losses of updates that no record has reported yet, and what their figures come to.
    package var unreportedLoss = 0.0
    package var unreportedFigures = StageFigures()
    package var lastLoggedStep = 0
    /// Sum of the losses of all updates since the run began.
    package var totalLoss = 0.0
    /// Updates by which the data's order lags behind the step; not 0 after `ignore_data_skip`.
    package var dataLag = 0
    /// Where a streamed run's data stands.
    package var stream: StreamedBatches.Place?
    /// What the stage remembers from update to update.
    package var stage = StageMemory()
    /// What is still to be done before the next update, in order.
    package var pending: [RunAction] = []
    /// Whether the update made last was its epoch's last; nil in states of earlier releases.
    package var endsEpoch: Bool?
    /// Lines of `trainer_log.jsonl`.
    package var logLines: Int?
    /// Of the update made last.
    package var lastGradientNorm = 0.0
    package var lastLearningRate = 0.0

    /// Reads the file of a checkpoint; nil when there is none, as in checkpoints of other programs.
    static func read(from folder: String) throws -> RunState? {
        guard let json = try StateFile.read(fileName, from: folder) else { return nil }
        do {
            return try json.decoded(as: RunState.self)
        } catch {
            throw CheckpointError.damaged(path: folder, problem: "\(fileName): \(error)")
        }
    }
}
