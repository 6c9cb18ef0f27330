import Scheduling
import ServiceAPI
import Testing

private let occurrences: [JobOccurrence] = [
    .cancelRequested, .pauseRequested, .resumeRequested(hasUnmetDependencies: false),
    .resumeRequested(hasUnmetDependencies: true), .requeueRequested(hasUnmetDependencies: false),
    .requeueRequested(hasUnmetDependencies: true), .dependenciesMet, .dependencyFailed, .started, .workerFinished,
    .workerStopped, .workerFailed(isRetried: true), .workerFailed(isRetried: false), .daemonRestarted,
]

struct JobLifecycleTests {
    private func after(_ occurrence: JobOccurrence, _ state: JobState, wish: JobWish? = nil) -> JobCondition? {
        try? JobLifecycle.after(occurrence, JobCondition(state, wish: wish))
    }

    @Test func theUsualWay() {
        #expect(after(.dependenciesMet, .waiting) == JobCondition(.queued))
        #expect(after(.started, .queued) == JobCondition(.running))
        #expect(after(.workerFinished, .running) == JobCondition(.succeeded))
        #expect(after(.workerFailed(isRetried: true), .running) == JobCondition(.queued))
        #expect(after(.workerFailed(isRetried: false), .running) == JobCondition(.failed))
        #expect(after(.dependencyFailed, .waiting) == JobCondition(.failed))
        #expect(after(.started, .waiting) == nil && after(.workerFinished, .queued) == nil)
    }

    @Test func aRunningJobBecomesWhatWasWished() {
        #expect(after(.cancelRequested, .running) == JobCondition(.running, wish: .cancel))
        #expect(after(.pauseRequested, .running) == JobCondition(.running, wish: .pause))
        #expect(after(.workerStopped, .running, wish: .pause) == JobCondition(.paused))
        #expect(after(.workerStopped, .running, wish: .cancel) == JobCondition(.cancelled))
        #expect(after(.workerStopped, .running) == JobCondition(.queued))
        // Cancelling wins over pausing, and what had ended before the wish could act has ended.
        #expect(after(.cancelRequested, .running, wish: .pause) == JobCondition(.running, wish: .cancel))
        #expect(after(.pauseRequested, .running, wish: .cancel) == nil)
        #expect(after(.resumeRequested(hasUnmetDependencies: false), .running, wish: .cancel) == nil)
        #expect(
            after(.resumeRequested(hasUnmetDependencies: false), .running, wish: .pause) == JobCondition(.running))
        #expect(after(.workerFinished, .running, wish: .cancel) == JobCondition(.succeeded))
        #expect(after(.workerFailed(isRetried: true), .running, wish: .pause) == JobCondition(.paused))
        #expect(after(.workerFailed(isRetried: false), .running, wish: .pause) == JobCondition(.failed))
        #expect(after(.workerFailed(isRetried: false), .running, wish: .cancel) == JobCondition(.cancelled))
    }

    @Test func requeueingIsForThoseThatDidNotSucceed() {
        for state in [JobState.failed, .cancelled] {
            #expect(after(.requeueRequested(hasUnmetDependencies: false), state) == JobCondition(.queued))
            #expect(after(.requeueRequested(hasUnmetDependencies: true), state) == JobCondition(.waiting))
        }
        for state in [JobState.succeeded, .queued, .running, .paused, .waiting] {
            #expect(after(.requeueRequested(hasUnmetDependencies: false), state) == nil)
        }
    }

    /// What a restart of the daemon makes of every condition.
    @Test(arguments: [
        (JobCondition(.queued), JobState.queued), (JobCondition(.waiting), .waiting),
        (JobCondition(.paused), .paused), (JobCondition(.succeeded), .succeeded), (JobCondition(.failed), .failed),
        (JobCondition(.cancelled), .cancelled), (JobCondition(.running), .queued),
        (JobCondition(.running, wish: .pause), .paused), (JobCondition(.running, wish: .cancel), .cancelled),
    ])
    func restart(condition: JobCondition, state: JobState) throws {
        #expect(try JobLifecycle.after(.daemonRestarted, condition) == JobCondition(state))
    }

    /// Random traces keep the promises that hold for every history.
    @Test func randomTracesKeepThePromises() {
        var generator = SeededGenerator(state: 20)
        var reached: Set<JobCondition> = []
        for _ in 0..<2000 {
            var now = JobCondition(Bool.random(using: &generator) ? .queued : .waiting)
            for _ in 0..<50 {
                let occurrence = occurrences[Int.random(in: 0..<occurrences.count, using: &generator)]
                guard let next = try? JobLifecycle.after(occurrence, now) else { continue }
                reached.insert(next)
                #expect(next.wish == nil || next.state == .running)
                if now.state == .succeeded { #expect(next == now) }
                if now.state.isFinal, next != now {
                    guard case .requeueRequested = occurrence else {
                        Issue.record("\(now) became \(next) by \(occurrence)")
                        continue
                    }
                }
                if now.wish == .cancel, next.state != .running {
                    #expect(next.state == .cancelled || occurrence == .workerFinished)
                }
                if next.state == .running, now.state != .running { #expect(occurrence == .started) }
                if next.state == .succeeded, now.state != .succeeded { #expect(occurrence == .workerFinished) }
                now = next
            }
        }
        #expect(reached.count == 9, "every condition is reached")
    }
}

/// Xorshift, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
