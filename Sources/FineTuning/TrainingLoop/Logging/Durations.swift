/// Texts for spans of time, as Python and the reference's trainer write them.
package enum Durations {
    /// Whole seconds as `h:mm:ss`, with days in front: `1 day, 2:03:04`.
    package static func clock(_ seconds: Double) -> String {
        let total = seconds.isFinite ? Int(min(max(seconds, 0), 1e15)) : 0
        let (days, rest) = total.quotientAndRemainder(dividingBy: 86_400)
        let time = "\(rest / 3600):\(padded(rest / 60 % 60)):\(padded(rest % 60))"
        return days == 0 ? time : "\(days) day\(days == 1 ? "" : "s"), \(time)"
    }

    /// `h:mm:ss.cc`, where a day and more are counted as days.
    package static func withHundredths(_ seconds: Double) -> String {
        let fraction = seconds - seconds.rounded(.down)
        return "\(clock(seconds)).\(padded(Int(fraction * 100)))"
    }

    package static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Double {
    /// Rounded to so many decimals.
    func rounded(decimals: Int) -> Double {
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = self * factor
        return scaled.isFinite ? scaled.rounded(.toNearestOrEven) / factor : self
    }
}
