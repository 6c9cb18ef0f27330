import RunConfiguration
import ServiceAPI

/// One row of the table behind `finetuned.yaml`: reading, defaults, finetuned.yaml(5) and the example file come from it.
package struct DaemonSetting: Sendable {
    /// What is written for a value.
    package enum Form: Sendable {
        case count(ClosedRange<Int>)
        /// A number of bytes, also with the suffix K, M, G or T (powers of 1024).
        case bytes
        /// A number of seconds, also with the suffix s, min, h or d.
        case seconds
        /// How long a model stays: as the requests' `keep_alive` has it.
        case keepAlive
        case choice([(name: String, value: Int)])
    }

    package let section: String
    package let key: String
    package let form: Form
    package let summary: String
    let path: any WritableKeyPath<DaemonLimits, Int> & Sendable

    /// Stands for a time without end.
    static let forever = -1

    /// `section.key`.
    package var name: String { "\(section).\(key)" }
    package var defaultText: String { form.text(of: DaemonLimits()[keyPath: path]) }

    init(
        _ name: (section: String, key: String), _ form: Form,
        _ path: any WritableKeyPath<DaemonLimits, Int> & Sendable, _ summary: String
    ) {
        section = name.section
        key = name.key
        self.form = form
        self.path = path
        self.summary = summary
    }

    /// Every setting, in the order of the manual page. A value of 0 is explained where it means something special.
    package static let all: [DaemonSetting] = [
        DaemonSetting(
            ("limits", "connections_per_user"), .count(1...65536), \.connectionsPerUser,
            "Connections that one user may have open at a time; more are refused with the kind busy."),
        DaemonSetting(
            ("limits", "message_bytes"), .bytes, \.messageBytes,
            "Bytes of one message; a longer one is refused and ends its connection."),
        DaemonSetting(
            ("limits", "message_seconds"), .count(1...86400), \.messageSeconds,
            "Seconds from a message's first byte to its last; a slower one ends its connection."),
        DaemonSetting(
            ("limits", "outgoing_bytes"), .bytes, \.outgoingBytes,
            "Bytes that wait for a client to read; with more it is cut off when another message is due."),
        DaemonSetting(
            ("limits", "partial_bytes_per_user"), .bytes, \.partialBytesPerUser,
            "Bytes of unfinished messages of all connections of one user; the connection that exceeds it ends."),
        DaemonSetting(
            ("limits", "running_jobs"), .count(1...1024), \.runningJobs, "Jobs that run at the same time; others wait."),
        DaemonSetting(
            ("limits", "resident_models"), .count(1...1024), \.residentModels,
            "Models that stay in memory; the one that was not used for the longest time makes room for another."),
        DaemonSetting(
            ("limits", "model_memory"), .bytes, \.modelMemoryBytes,
            "Memory of all resident models together, mapped weights included; the one that was not used for the longest "
                + "time makes room. 0 is three quarters of the machine's memory."),
        DaemonSetting(
            ("limits", "requests_per_model"), .count(1...65536), \.requestsPerModel,
            "Requests that one model may have before it; more are refused with the kind busy."),
        DaemonSetting(
            ("limits", "keep_alive"), .keepAlive, \.keepAliveSeconds,
            "How long a model stays in memory after its last use where no request says otherwise."),
        DaemonSetting(
            ("limits", "memory"), .bytes, \.memoryBytes,
            "Memory that jobs and models may hold together. 0 is 85 % of what the machine or the control group has."),
        DaemonSetting(
            ("limits", "plan_margin"), .count(0...100_000), \.planMargin,
            "Percent that a job may hold above its memory plan, and 128 MiB; one that holds more is ended with the kind oom."
        ),
        DaemonSetting(
            ("limits", "worker_memory"), .bytes, \.workerMemoryBytes,
            "Anonymous memory of one worker; a worker that needs more is ended with the kind oom. 0 is no bound."),
        DaemonSetting(
            ("limits", "worker_threads"), .count(0...4096), \.workerThreads,
            "Threads that one worker computes with. 0 is one for each processor."),
        DaemonSetting(
            ("retention", "jobs"), .count(0...1_000_000_000), \.retainedJobs,
            "Ended jobs that are kept, the newest. 0 keeps all."),
        DaemonSetting(
            ("retention", "age"), .seconds, \.retainedSeconds,
            "How long an ended job is kept; only time that the daemon runs counts. 0 is for ever."),
        DaemonSetting(
            ("retention", "log_bytes"), .bytes, \.workerLogBytes,
            "What a worker's log may take; the oldest part of a longer one is given back. 0 is no bound."),
        DaemonSetting(
            ("log", "level"),
            .choice([("error", 3), ("warning", 4), ("notice", 5), ("info", 6), ("debug", 7)]), \.logLevel,
            "The least important messages that are logged. No level logs prompts, answers or rows of data sets."),
    ]
}

extension DaemonSetting.Form {
    /// The number that stands for a value of the file, nil when the value is none of this form.
    func number(of value: ConfigurationValue) -> Int? {
        switch (self, value) {
        case (.count(let range), .integer(let number)): Int(exactly: number).flatMap { range.contains($0) ? $0 : nil }
        case (.bytes, .integer(let number)), (.seconds, .integer(let number)): number >= 0 ? Int(exactly: number) : nil
        case (.bytes, .string(let text)):
            Self.scaled(text, [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)])
        case (.seconds, .string(let text)): Self.scaled(text, [("min", 60), ("s", 1), ("h", 3600), ("d", 86400)])
        case (.keepAlive, .integer(let number)): Self.keepAliveSeconds(String(number))
        case (.keepAlive, .string(let text)): Self.keepAliveSeconds(text)
        case (.choice(let choices), .string(let text)): choices.first { $0.name == text }?.value
        default: nil
        }
    }

    private static func keepAliveSeconds(_ text: String) -> Int? {
        switch try? KeepAlive(text) {
        case .forever?: DaemonSetting.forever
        // `KeepAlive` holds nothing that would not fit.
        case .seconds(let seconds)?: Int(seconds.rounded(.up))
        case nil: nil
        }
    }

    private static func scaled(_ text: String, _ suffixes: [(suffix: String, factor: Int)]) -> Int? {
        for (suffix, factor) in suffixes where text.hasSuffix(suffix) {
            let digits = text.dropLast(suffix.count)
            guard let number = Int(digits.last == " " ? digits.dropLast() : digits), number >= 0 else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return nil
    }

    /// The value as the file would have it.
    func text(of number: Int) -> String {
        if case .keepAlive = self {
            return number == DaemonSetting.forever ? "forever" : KeepAlive.seconds(Double(number)).description
        }
        if case .choice(let choices) = self { return choices.first { $0.value == number }?.name ?? String(number) }
        return String(number)
    }

    /// What may be written, in words.
    package var expectation: String {
        switch self {
        case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .bytes: "a number of bytes, such as 1073741824, 1024M or 1G"
        case .seconds: "a number of seconds, such as 90, 90s, 5min, 2h or 7d"
        case .keepAlive: "a time such as 90s, 10m or 2h, 0 or forever"
        case .choice(let choices): "one of " + choices.map(\.name).joined(separator: ", ")
        }
    }
}
