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

/// Looks at the daemon's parts at the watchdog's pace.
final class HealthWatch {
    private var health = ServiceHealth()
    private let echo: LoopMailbox<Void>
    private var echoes: UInt64 = 0
    private let look: () -> (schedulerPasses: UInt64, store: ServiceHealth.StoreAnswer)
    private let report: (ServiceHealth.Verdict) -> Void

    /// - Parameters:
    ///   - look: makes the scheduler and the store move and says how that went
    ///   - report: gets every verdict
    init(
        loop: EventLoop, every seconds: Double,
        look: @escaping () -> (schedulerPasses: UInt64, store: ServiceHealth.StoreAnswer),
        report: @escaping (ServiceHealth.Verdict) -> Void
    ) throws {
        echo = try LoopMailbox()
        self.look = look
        self.report = report
        try loop.register(echo.descriptor.number, .read) { [weak self] _ in
            guard let self, !self.echo.take().isEmpty else { return }
            self.echoes &+= 1
        }
        // A timer alone would not show that descriptors are still served; the echo must come back through one.
        echo.send(())
        loop.every(seconds) { [weak self] in self?.beat() }
    }

    private func beat() {
        let (passes, store) = look()
        report(health.judge(.init(echoes: echoes, schedulerPasses: passes, store: store)))
        echo.send(())
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
