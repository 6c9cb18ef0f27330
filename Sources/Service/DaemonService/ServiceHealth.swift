import JobStore
import LinuxSystem

/// Decides whether the daemon is well enough to feed the watchdog: every part must have moved since the last look.
package struct ServiceHealth: Sendable {
    package enum Part: String, CaseIterable, Sendable {
        case eventLoop = "event loop"
        case scheduler
        case store
    }

    /// What the store answered when it was asked for its write lock.
    package enum StoreAnswer: Equatable, Sendable {
        case moved
        /// Somebody else has the lock.
        case busy
        case failed(String)
        /// Nothing, since the last look.
        case silent
    }

    /// What the jobs' thread answers.
    package struct JobsAnswer: Sendable {
        package var schedulerPasses: UInt64
        package var store: StoreAnswer
    }

    /// What was seen at one look.
    package struct Observation: Equatable, Sendable {
        /// Messages that came back through the event loop so far.
        package var echoes: UInt64
        /// Times that the scheduler has looked at the queue so far.
        package var schedulerPasses: UInt64
        package var store: StoreAnswer

        package init(echoes: UInt64, schedulerPasses: UInt64, store: StoreAnswer) {
            self.echoes = echoes
            self.schedulerPasses = schedulerPasses
            self.store = store
        }
    }

    package enum Verdict: Equatable, Sendable {
        case well
        /// Nothing is told to the watchdog, which ends the daemon when this lasts.
        case stuck([Part], reason: String)
        /// Waiting would not help: the watchdog is told to act.
        case faulty(reason: String)
    }

    private var last: Observation?
    private var failuresInARow = 0
    /// Failed answers of the store in a row after which it counts as broken.
    package static let tolerated = 3

    package init() {}

    package mutating func judge(_ now: Observation) -> Verdict {
        defer { last = now }
        var stuck: [Part] = []
        if let last {
            if now.echoes <= last.echoes { stuck.append(.eventLoop) }
            if now.schedulerPasses <= last.schedulerPasses { stuck.append(.scheduler) }
        }
        var reason = "it has not moved since the last look"
        switch now.store {
        case .moved: failuresInARow = 0
        case .silent: stuck.append(.store)
        case .busy:
            failuresInARow = 0
            stuck.append(.store)
            reason = "another process holds the lock of the job store"
        case .failed(let message):
            failuresInARow += 1
            stuck.append(.store)
            reason = message
            if failuresInARow >= Self.tolerated { return .faulty(reason: message) }
        }
        return stuck.isEmpty ? .well : .stuck(stuck, reason: reason)
    }
}

/// Looks at the daemon's parts at the watchdog's pace: at every beat at what they have answered since the last.
final class HealthWatch {
    typealias Ask = (@escaping (ServiceHealth.JobsAnswer) -> Void) -> Void

    private var health = ServiceHealth()
    private let echo: LoopMailbox<Void>
    private var echoes: UInt64 = 0
    private let ask: Ask
    private let report: (ServiceHealth.Verdict) -> Void
    private var schedulerPasses: UInt64 = 0
    /// What the store has answered since the last beat.
    private var store = ServiceHealth.StoreAnswer.silent
    private var isAsking = false

    /// - Parameters:
    ///   - ask: makes the scheduler and the store move, and says how that went once they have
    ///   - report: gets every verdict
    init(
        loop: EventLoop, every seconds: Double, ask: @escaping Ask,
        report: @escaping (ServiceHealth.Verdict) -> Void
    ) throws {
        echo = try LoopMailbox()
        self.ask = ask
        self.report = report
        try loop.register(echo.descriptor.number, .read) { [weak self] _ in
            guard let self, !self.echo.take().isEmpty else { return }
            self.echoes &+= 1
        }
        askAll()
        loop.every(seconds) { [weak self] in self?.beat() }
    }

    private func beat() {
        report(health.judge(.init(echoes: echoes, schedulerPasses: schedulerPasses, store: store)))
        store = .silent
        askAll()
    }

    private func askAll() {
        // A timer alone would not show that descriptors are still served; the echo must come back through one.
        echo.send(())
        if isAsking { return }
        isAsking = true
        ask { [weak self] answer in
            guard let self else { return }
            self.isAsking = false
            self.schedulerPasses = answer.schedulerPasses
            self.store = answer.store
        }
    }
}

extension JobStore {
    func moves() -> ServiceHealth.StoreAnswer {
        switch condition() {
        case .writable: .moved
        case .locked: .busy
        case .failed(let reason): .failed(reason)
        }
    }
}
