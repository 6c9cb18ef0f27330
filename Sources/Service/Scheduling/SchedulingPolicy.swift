package import ServiceAPI

/// What the queue allows.
package struct SchedulingPolicy: Equatable, Sendable {
    /// Jobs that run at the same time.
    package var runningJobs = 1
    /// Transient failures in a row, without a checkpoint between them, before a job is given up.
    package var failures = 5
    /// Seconds before the first retry; each further one waits twice as long.
    package var firstDelay = 0.25

    package init() {}
}

/// A job that waits for its turn.
package struct WaitingJob: Equatable, Sendable {
    package var id: String
    package var priority: Int
    /// Order of submission, lower first.
    package var order: Int64
    /// Whether it waits for a retry's delay.
    package var isDelayed: Bool

    package init(id: String, priority: Int, order: Int64, isDelayed: Bool) {
        self.id = id
        self.priority = priority
        self.order = order
        self.isDelayed = isDelayed
    }
}

/// Decisions from values: no clock, no disk, no process.
package enum Scheduler {
    /// The jobs to start now: by priority, then by order of submission.
    package static func jobsToStart(
        waiting: [WaitingJob], running: Int, policy: SchedulingPolicy
    ) -> [String] {
        let free = max(0, policy.runningJobs - running)
        let ready = waiting.filter { !$0.isDelayed }
        return ready.sorted { ($1.priority, $0.order) < ($0.priority, $1.order) }.prefix(free).map(\.id)
    }

    package enum AfterFailure: Equatable, Sendable {
        case retry(afterSeconds: Double)
        case fail
    }

    /// What to do with a job whose worker failed.
    ///
    /// - Parameter failures: transient failures in a row, this one included.
    package static func afterFailure(
        _ kind: ErrorKind, failures: Int, policy: SchedulingPolicy
    ) -> AfterFailure {
        guard kind.isTransient, failures < policy.failures else { return .fail }
        return .retry(afterSeconds: policy.firstDelay * Double(1 << min(max(failures - 1, 0), 10)))
    }

    package enum AfterRestart: Equatable, Sendable {
        case keep
        case requeue
        case finishCancelled
    }

    /// What a new daemon does with a job that it finds in the store.
    package static func afterRestart(_ state: JobState, cancelRequested: Bool) -> AfterRestart {
        switch state {
        case .succeeded, .failed, .cancelled, .paused: .keep
        case .queued, .waiting: cancelRequested ? .finishCancelled : .keep
        case .running: cancelRequested ? .finishCancelled : .requeue
        }
    }
}
