import JSONDocuments
import Checkpoints

/// What a run needs to go on exactly, beyond weights, optimizer and `trainer_state.json`.
struct RunState: Codable, Equatable, Sendable {
    static let fileName = "run_state.json"

    /// What is still to be done before the next update.
    enum Action: String, Codable, Sendable {
        case log, evaluate, save
    }

    /// Sum of the losses of updates that no record has reported yet.
    var unreportedLoss = 0.0
    var lastLoggedStep = 0
    /// Sum of the losses of all updates since the run began.
    var totalLoss = 0.0
    /// Updates by which the data's order lags behind the step; not 0 after `ignore_data_skip`.
    var dataLag = 0
    /// Where a streamed run's data stands.
    var stream: StreamedBatches.Place?
    /// Done in order; the first may have been begun.
    var pending: [Action] = []
    /// Length of `trainer_log.jsonl` when the checkpoint was made.
    var logBytes: Int?
    /// Of the update made last.
    var lastGradientNorm = 0.0
    var lastLearningRate = 0.0

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
