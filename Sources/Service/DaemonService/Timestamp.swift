import Glibc

/// Wall-clock time as the protocol writes it.
enum Timestamp {
    /// ISO 8601, UTC, milliseconds.
    ///
    /// - Parameter later: seconds to add
    static func now(later: Double = 0) -> String {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        time.tv_sec += Int(max(0, min(later, 1e10)))
        var parts = tm()
        var seconds = time.tv_sec
        unsafe gmtime_r(&seconds, &parts)
        let date = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday].map { padded(Int($0), 2) }
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        return date.joined(separator: "-") + "T" + clock.joined(separator: ":") + "."
            + padded(time.tv_nsec / 1_000_000, 3) + "Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
