import CLinuxShims
import Glibc

/// Waits for descriptors and times on one thread and calls what was registered for them.
///
/// Everything is called on the thread that runs the loop; only `wake` may be used from others.
package final class EventLoop {
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: EPOLLIN.rawValue)
        package static let write = Interest(rawValue: EPOLLOUT.rawValue)
    }

    private struct Registration {
        var generation: UInt32
        var handler: (Interest) -> Void
    }

    private struct Timer {
        var deadline: UInt64
        var handler: () -> Void
    }

    private let poll: FileDescriptor
    private var registrations: [Int32: Registration] = [:]
    private var generation: UInt32 = 0
    private var timers: [UInt64: Timer] = [:]
    private var nextTimer: UInt64 = 0
    private var isStopping = false

    package init() throws(SystemError) {
        poll = FileDescriptor(
            owning: Int32(try checking("epoll_create1") { Int(epoll_create1(Int32(EPOLL_CLOEXEC))) }))
    }

    /// Calls `handler` whenever `descriptor` is ready for one of `interests`, until it is unregistered.
    ///
    /// Errors and hang-ups count as readable, so that the next read shows them.
    package func register(
        _ descriptor: Int32, _ interests: Interest, handler: @escaping (Interest) -> Void
    ) throws(SystemError) {
        generation &+= 1
        try control(EPOLL_CTL_ADD, descriptor, interests, generation)
        registrations[descriptor] = Registration(generation: generation, handler: handler)
    }

    package func setInterest(_ descriptor: Int32, _ interests: Interest) {
        guard let registration = registrations[descriptor] else { return }
        try? control(EPOLL_CTL_MOD, descriptor, interests, registration.generation)
    }

    /// To be called before the descriptor is closed.
    package func unregister(_ descriptor: Int32) {
        guard registrations.removeValue(forKey: descriptor) != nil else { return }
        try? control(EPOLL_CTL_DEL, descriptor, [], 0)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interests: Interest, _ generation: UInt32)
        throws(SystemError)
    {
        var event = epoll_event()
        event.events = interests.rawValue
        event.data.u64 = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        try checking("epoll_ctl") { unsafe Int(epoll_ctl(poll.number, operation, descriptor, &event)) }
    }

    /// Calls `handler` once after `seconds`; the result cancels it.
    @discardableResult
    package func after(_ seconds: Double, _ handler: @escaping () -> Void) -> TimerToken {
        nextTimer += 1
        let deadline = MonotonicClock.nanoseconds + UInt64(max(0, seconds) * 1e9)
        timers[nextTimer] = Timer(deadline: deadline, handler: handler)
        return TimerToken(number: nextTimer)
    }

    package struct TimerToken: Hashable, Sendable { fileprivate let number: UInt64 }

    package func cancel(_ token: TimerToken) { timers[token.number] = nil }

    /// Calls `handler` every `seconds`, the first time after that.
    package func every(_ seconds: Double, _ handler: @escaping () -> Void) {
        after(seconds) { [weak self] in
            handler()
            self?.every(seconds, handler)
        }
    }

    package func stop() { isStopping = true }

    /// Runs until `stop()`.
    ///
    /// - Parameter handling: gets what calls the handlers of a round, to be called once; it may hold a lock meanwhile
    package func run(handling: (() -> Void) -> Void = { $0() }) throws(SystemError) {
        isStopping = false
        while !isStopping { try runOnce(handling: handling) }
    }

    /// Waits for the next readiness or time, at most `seconds`, and calls its handlers.
    package func runOnce(
        atMost seconds: Double = 3600, handling: (() -> Void) -> Void = { $0() }
    ) throws(SystemError) {
        let now = MonotonicClock.nanoseconds
        let limit = now + UInt64(seconds * 1e9)
        let deadline = timers.values.reduce(limit) { min($0, $1.deadline) }
        let milliseconds = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        let count = unsafe epoll_wait(poll.number, &events, 64, Int32(min(milliseconds, 3_600_000)))
        if count < 0 && errno != EINTR { throw SystemError("epoll_wait") }
        let ready = events.prefix(max(0, Int(count)))
        handling {
            handle(ready)
            handleTimers()
        }
    }

    private func handle(_ events: ArraySlice<epoll_event>) {
        for event in events {
            let descriptor = Int32(truncatingIfNeeded: event.data.u64 & 0xFFFF_FFFF)
            // A handler may have closed a descriptor whose number a later event of this round still carries.
            guard let registration = registrations[descriptor],
                registration.generation == UInt32(event.data.u64 >> 32)
            else { continue }
            var ready = Interest(rawValue: event.events & (EPOLLIN.rawValue | EPOLLOUT.rawValue))
            if event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { ready.insert(.read) }
            registration.handler(ready)
        }
    }

    private func handleTimers() {
        let time = MonotonicClock.nanoseconds
        for (number, timer) in timers.filter({ $0.value.deadline <= time }).sorted(by: { $0.key < $1.key })
        where timers.removeValue(forKey: number) != nil {
            timer.handler()
        }
    }
}
