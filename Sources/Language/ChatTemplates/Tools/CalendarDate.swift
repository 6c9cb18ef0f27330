import Glibc

/// A day, which some formats tell the model.
package struct CalendarDate: Hashable, Sendable, CustomStringConvertible {
    package var year: Int
    /// One to twelve.
    package var month: Int
    package var day: Int

    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day on which this is called, in local time.
    package static func today() -> CalendarDate {
        var now = time(nil)
        var parts = tm()
        guard localtime_r(&now, &parts) != nil else { return CalendarDate(year: 1970, month: 1, day: 1) }
        return CalendarDate(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// As in `01 Jan 2026`.
    package var description: String {
        let name = Self.months.indices.contains(month - 1) ? Self.months[month - 1] : "Jan"
        return "\(day < 10 ? "0" : "")\(day) \(name) \(year)"
    }
}
