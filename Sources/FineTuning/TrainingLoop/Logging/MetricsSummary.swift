import JSONDocuments

/// The block of final figures that a run prints.
enum MetricsSummary {
    /// Keys sorted and aligned, as the reference's trainer formats them.
    static func lines(_ metrics: JSONObject, title: String) -> [String] {
        let rows = metrics.map { (key: $0.key, text: text($0.key, $0.value)) }.sorted { $0.key < $1.key }
        let keyWidth = rows.map(\.key.count).max() ?? 0
        let textWidth = rows.map(\.text.count).max() ?? 0
        func blanks(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
        return ["***** \(title) metrics *****"]
            + rows.map { row in
                "  \(row.key)\(blanks(keyWidth - row.key.count)) = \(blanks(textWidth - row.text.count))\(row.text)"
            }
    }

    static func text(_ key: String, _ value: JSONValue) -> String {
        guard let number = value.double else { return value.serialized() }
        if key.hasSuffix("_runtime") { return Durations.withHundredths(number) }
        if key == "total_flos" { return "\(UInt64(max(number, 0)) >> 30)GF" }
        if case .number = value { return number.rounded(decimals: 4).jsonText }
        return value.serialized()
    }
}
