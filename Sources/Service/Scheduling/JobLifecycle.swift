package import ServiceAPI

/// What decides how a job goes on: its state, and what its worker was asked to stop for.
package struct JobCondition: Equatable, Hashable, Sendable {
    package var state: JobState
    /// Only a running job has one.
    package var wish: JobWish?

    package init(_ state: JobState, wish: JobWish? = nil) {
        self.state = state
        self.wish = wish
    }
}

/// Something that can happen to a job.
package enum JobOccurrence: Hashable, Sendable {
    // What its owner asks for. `hasUnmetDependencies`: a job that it comes after has not succeeded yet.
    case cancelRequested
    case pauseRequested
    case resumeRequested(hasUnmetDependencies: Bool)
    case requeueRequested(hasUnmetDependencies: Bool)

    /// Every job that it comes after has succeeded.
    case dependenciesMet
    case dependencyFailed
    case started
    /// The run is complete.
    case workerFinished
    /// The worker was asked to stop and has written a checkpoint.
    case workerStopped
    case workerFailed(isRetried: Bool)
    /// A new daemon finds the job in the store.
    case daemonRestarted
}

/// The one place that knows which state follows which.
package enum JobLifecycle {
    /// Why an occurrence cannot happen to a job in its state.
    package struct Refusal: Error, Equatable, Sendable, CustomStringConvertible {
        package let state: JobState
        package let occurrence: JobOccurrence

        package var hint: String? {
            switch occurrence {
            case .resumeRequested where state == .failed || state == .cancelled: "requeue it"
            case .requeueRequested where !state.isFinal: "it is in the queue already"
            default: nil
            }
        }

        package var description: String {
            let verb =
                switch occurrence {
                case .cancelRequested: "cancelled"
                case .pauseRequested: "paused"
                case .resumeRequested: "resumed"
                case .requeueRequested: "requeued"
                default: "moved on by \(occurrence)"
                }
            return "a job that is \(state.rawValue) cannot be \(verb)"
        }
    }

    /// The condition after an occurrence; the same one when it changes nothing.
    package static func after(
        _ occurrence: JobOccurrence, _ now: JobCondition
    ) throws(Refusal) -> JobCondition {
        switch occurrence {
        case .cancelRequested:
            if now.state.isFinal { return now }
            return now.state == .running ? JobCondition(.running, wish: .cancel) : JobCondition(.cancelled)
        case .pauseRequested:
            switch now.state {
            case .running where now.wish != .cancel: return JobCondition(.running, wish: .pause)
            case .queued, .waiting, .paused: return JobCondition(.paused)
            default: break
            }
        case .resumeRequested(let waits):
            switch now.state {
            case .paused: return JobCondition(waits ? .waiting : .queued)
            // A worker that is stopping cannot be called back; without a wish the job is queued when it has ended.
            case .running where now.wish != .cancel: return JobCondition(.running)
            case .queued, .waiting: return now
            default: break
            }
        case .requeueRequested(let waits):
            if now.state == .failed || now.state == .cancelled { return JobCondition(waits ? .waiting : .queued) }
        case .dependenciesMet, .dependencyFailed:
            // A paused job looks at its dependencies when it is resumed.
            if now.state == .waiting { return JobCondition(occurrence == .dependenciesMet ? .queued : .failed) }
        case .started:
            if now.state == .queued { return JobCondition(.running) }
        case .workerFinished:
            if now.state == .running { return JobCondition(.succeeded) }
        case .workerStopped:
            if now.state == .running { return JobCondition(afterStopping(for: now.wish)) }
        case .workerFailed(let isRetried):
            guard now.state == .running else { break }
            if now.wish == .cancel { return JobCondition(.cancelled) }
            return JobCondition(isRetried ? afterStopping(for: now.wish) : .failed)
        case .daemonRestarted:
            return now.state == .running ? JobCondition(afterStopping(for: now.wish)) : now
        }
        throw Refusal(state: now.state, occurrence: occurrence)
    }

    private static func afterStopping(for wish: JobWish?) -> JobState {
        switch wish {
        case .cancel: .cancelled
        case .pause: .paused
        case nil: .queued
        }
    }
}
