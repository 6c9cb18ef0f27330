import Synchronization

/// Wishes of other threads that a run looks at between micro-batches.
package final class TrainingControl: Sendable {
    private struct State {
        var stops = false
        var wantsCheckpoint = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Asks the run to write a checkpoint and end.
    package func stop() { state.withLock { $0.stops = true } }

    /// Asks for a checkpoint after the update at hand.
    package func requestCheckpoint() { state.withLock { $0.wantsCheckpoint = true } }

    package var isStopping: Bool { state.withLock { $0.stops } }

    /// Whether a checkpoint was asked for since the last call.
    func takeCheckpointRequest() -> Bool {
        state.withLock { state in
            defer { state.wantsCheckpoint = false }
            return state.wantsCheckpoint
        }
    }
}

/// Ends whatever is going on because `TrainingControl.stop` was called; not an error.
struct TrainingStopped: Error {}
