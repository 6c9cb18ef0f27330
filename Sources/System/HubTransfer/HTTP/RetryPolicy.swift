import CCurl
import Glibc

/// When a failed request is sent again.
package struct RetryPolicy: Sendable {
    /// Attempts that may fail one after the other without a byte that came between them.
    package var mostFailures = 6
    /// Seconds before the second attempt; every further wait is twice as long.
    package var firstPause = 1.0
    package var longestPause = 30.0
    /// A hub that asks for a longer wait is not waited for.
    package var mostPatience = 300.0
    /// Stands in for waiting, in tests.
    package var pause: (@Sendable (Double) throws -> Void)?

    package init() {}

    static let transientStatuses: Set<Int> = [408, 425, 429, 500, 502, 503, 504]

    func pauseLength(afterFailures failures: Int) -> Double {
        var length = firstPause
        for _ in 1..<max(1, min(failures, 20)) { length *= 2 }
        return min(length, longestPause)
    }

    /// The seconds that an answer asks to wait; nil when it names none.
    ///
    /// `Retry-After` is a number of seconds or a date; `RateLimit` (IETF draft) says after how many seconds a new
    /// window begins, as `"api";r=0;t=55`.
    static func requestedPause(_ response: HTTPResponse, now: Int = time(nil)) -> Double? {
        if let text = response.header("retry-after") {
            if let seconds = Double(text), seconds >= 0, seconds.isFinite { return seconds }
            let date = curl_getdate(text, nil)
            if date > 0 { return Double(max(0, Int(date) - now)) }
        }
        guard response.status == 429, let limit = response.header("ratelimit") else { return nil }
        return limit.split(separator: ";").compactMap { part in
            let field = part.drop { $0 == " " }
            return field.hasPrefix("t=") ? Double(field.dropFirst(2).prefix { $0.isNumber }) : nil
        }.first
    }
}
