/// Draws shares and series in one line of text.
package enum ProgressBar {
    /// A bar of exactly `width` columns, filled by eighths where UTF-8 allows.
    package static func render(fraction: Double, width: Int, utf8: Bool) -> String {
        guard width > 0 else { return "" }
        let share = fraction.isFinite ? min(max(fraction, 0), 1) : 0
        guard utf8 else {
            guard width > 2 else { return String(repeating: ".", count: width) }
            let filled = Int((share * Double(width - 2)).rounded(.down))
            return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - 2 - filled) + "]"
        }
        let eighths = Int((share * Double(width) * 8).rounded(.down))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let rest = width - eighths / 8 - (partial.isEmpty ? 0 : 1)
        return String(repeating: "█", count: eighths / 8) + partial + String(repeating: "░", count: rest)
    }
}

/// A series of numbers as a row of little columns.
package enum Sparkline {
    /// At most `width` columns; longer series are averaged in equal groups. Values that are not finite become `!`.
    package static func render(_ values: [Double], width: Int, utf8: Bool) -> String {
        guard width > 0, !values.isEmpty else { return "" }
        let marks = Array(utf8 ? "▁▂▃▄▅▆▇█" : "_.-~=+*#")
        let groups = grouped(values, into: width)
        let finite = groups.filter(\.isFinite)
        guard let lowest = finite.min(), let highest = finite.max() else {
            return String(repeating: "!", count: groups.count)
        }
        let range = highest - lowest
        return String(
            groups.map { value in
                guard value.isFinite else { return "!" }
                guard range > 0 else { return marks[marks.count / 2] }
                return marks[min(marks.count - 1, Int((value - lowest) / range * Double(marks.count)))]
            })
    }

    private static func grouped(_ values: [Double], into count: Int) -> [Double] {
        guard values.count > count else { return values }
        return (0..<count).map { group in
            let part = values[(group * values.count / count)..<((group + 1) * values.count / count)]
            return part.reduce(0, +) / Double(part.count)
        }
    }
}
