/// Decides when training gives way to requests that somebody waits for. Values only: time comes from outside.
///
/// Training holds still while such a request is answered and for a moment afterwards, since the next one often
/// follows. Under requests without end it gets a breath from time to time, so that it slows down but never stops.
package struct TrainingPreemption: Sendable {
    package enum Action: Equatable, Sendable {
        /// Training computes nothing for so many seconds unless it is told otherwise.
        case yield(seconds: Double)
        case goOn
    }

    /// How long training waits for another request after the last.
    package static let grace = 1.0
    /// What a yield is given; it is renewed long before it ends.
    package static let lease = 3.0
    package static let renewal = 1.0
    /// The longest that training stands still without a breath.
    package static let longestPause = 20.0
    package static let breath = 2.0

    private var requests = 0
    private var lastEnd: Double?
    private var pausedSince: Double?
    private var lastSent: Double?
    private var breathesUntil: Double?

    package init() {}

    package var isPausing: Bool { lastSent != nil }

    package mutating func requestBegan() { requests += 1 }

    package mutating func requestEnded(at now: Double) {
        requests = max(0, requests - 1)
        if requests == 0 { lastEnd = now }
    }

    /// What is to be done now, and when to ask again at the latest; nil for when something changes.
    package mutating func decide(at now: Double) -> (action: Action?, next: Double?) {
        let graceEnd = requests > 0 ? nil : lastEnd.map { $0 + Self.grace }
        guard requests > 0 || graceEnd.map({ now < $0 }) ?? false else {
            let wasPausing = isPausing
            (lastEnd, pausedSince, lastSent, breathesUntil) = (nil, nil, nil, nil)
            return (wasPausing ? .goOn : nil, nil)
        }
        if let end = breathesUntil {
            if now < end { return (nil, end) }
            breathesUntil = nil
        }
        let since = pausedSince ?? now
        if now - since >= Self.longestPause {
            (pausedSince, lastSent, breathesUntil) = (nil, nil, now + Self.breath)
            return (.goOn, now + Self.breath)
        }
        pausedSince = since
        let isDue = lastSent.map { now - $0 >= Self.renewal } ?? true
        if isDue { lastSent = now }
        let next = min((lastSent ?? now) + Self.renewal, since + Self.longestPause, graceEnd ?? .infinity)
        return (isDue ? .yield(seconds: Self.lease) : nil, next)
    }
}
