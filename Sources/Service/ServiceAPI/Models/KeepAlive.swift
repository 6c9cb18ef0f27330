/// How long a model stays in memory after its last use.
package enum KeepAlive: Equatable, Sendable, CustomStringConvertible {
    case seconds(Double)
    case forever

    /// Reads `forever`, or a number with `s` (the default), `m`, `h` or `d`: `0`, `90`, `10m`, `1.5h`.
    package init(_ text: String) throws(ServiceError) {
        if text == "forever" {
            self = .forever
            return
        }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        // `Double` would also take "nan", "0x1" and "1e3".
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }), let number = Double(digits),
            // Some thirty years: every sum with it stays far from what a clock can hold.
            number * (unit ?? 1) <= 1e9
        else {
            throw ServiceError(
                .badRequest, "\"\(text)\" is not a time to keep a model",
                hint: "give a number with s, m, h or d, such as 10m; 0; or forever", field: "keep_alive")
        }
        self = .seconds(number * (unit ?? 1))
    }

    package var description: String {
        switch self {
        case .forever: "forever"
        case .seconds(let seconds):
            [(86400.0, "d"), (3600, "h"), (60, "m")].first { seconds >= $0.0 && Self.isWhole(seconds / $0.0) }
                .map { "\(Int(seconds / $0.0))\($0.1)" }
                ?? (Self.isWhole(seconds) ? "\(Int(seconds))s" : "\(seconds)s")
        }
    }

    private static func isWhole(_ number: Double) -> Bool { number == number.rounded(.down) && number <= 1e9 }
}

extension MethodParameter {
    /// Every request that names a model may say how long it stays.
    static let keepAlive = MethodParameter(
        "keep_alive", "string", "how long the model stays after its last use: 10m, 0, forever")
    static let adapter = MethodParameter(
        "adapter", "string", "an adapter's folder, or job:ID for a job's newest checkpoint")
    static let model = MethodParameter(
        "model", "string", required: true, "the model's folder, or job:ID for what a job has trained so far")
}
