/// Numbers in the form people read.
package enum ReadableNumbers {
    /// `0:07`, `12:34` or `1:02:03`, from seconds.
    package static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-" }
        let total = Int(seconds.rounded())
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(twoDigits(rest))" : "\(minutes):\(twoDigits(rest))"
    }

    /// `512 B`, `1.5 MiB` and so on.
    package static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while abs(value) >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(decimal(value, places: 1)) \(units[unit])"
    }

    /// `value` with a fixed number of places, without an exponent.
    package static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return String(value) }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + String(scaled) }
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// `value` with about `digits` digits that matter: `2.731`, `0.000123`, `1.2e-07`.
    package static func significant(_ value: Double, digits: Int) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : String(value) }
        let magnitude = abs(value)
        if magnitude < 1e-4 || magnitude >= 1e9 { return exponent(value, digits: digits) }
        var places = digits - 1
        var threshold = 10.0
        while magnitude >= threshold, places > 0 {
            threshold *= 10
            places -= 1
        }
        threshold = 1
        while magnitude < threshold, places < 12 {
            threshold /= 10
            places += 1
        }
        return decimal(value, places: min(places, 9))
    }

    private static func exponent(_ value: Double, digits: Int) -> String {
        var power = 0
        var mantissa = abs(value)
        while mantissa >= 10 { (mantissa, power) = (mantissa / 10, power + 1) }
        while mantissa < 1 { (mantissa, power) = (mantissa * 10, power - 1) }
        let sign = value < 0 ? "-" : ""
        return "\(sign)\(decimal(mantissa, places: digits - 1))e\(power < 0 ? "-" : "+")\(twoDigits(abs(power)))"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
