import Synchronization

/// Wishes of other threads that a run looks at between micro-batches.
package final class TrainingControl: Sendable {
    private struct State {
        var stops = false
        var looks = 0
        var checkpointRequests: [CheckpointAnswer] = []
    }

    /// Called on the run's thread with the step and the path of a checkpoint that is complete.
    package typealias CheckpointAnswer = @Sendable (_ step: Int, _ path: String) -> Void

    private let state = Mutex(State())
    private let stopsAtLook: @Sendable (Int) -> Bool

    /// - Parameter stopsAtLook: asked at each moment at which the run can be stopped, with its number from 1; so a test
    ///   gets to every one of them
    package init(stopsAtLook: @escaping @Sendable (Int) -> Bool = { _ in false }) { self.stopsAtLook = stopsAtLook }

    /// Asks the run to write a checkpoint and end.
    package func stop() { state.withLock { $0.stops = true } }

    /// Asks for a checkpoint after the update at hand.
    ///
    /// - Parameter answer: never called when the run ends before
    package func requestCheckpoint(answer: @escaping CheckpointAnswer = { _, _ in }) {
        state.withLock { $0.checkpointRequests.append(answer) }
    }

    /// Whether the run is to stop; to be asked wherever it can.
    package var isStopping: Bool {
        let (stops, look) = state.withLock { state in
            state.looks += 1
            return (state.stops, state.looks)
        }
        return stops || stopsAtLook(look)
    }

    /// The requests for a checkpoint since the last call.
    func takeCheckpointRequests() -> [CheckpointAnswer] {
        state.withLock { state in
            defer { state.checkpointRequests = [] }
            return state.checkpointRequests
        }
    }
}

/// Ends whatever is going on because `TrainingControl.stop` was called; not an error.
struct TrainingStopped: Error {}
