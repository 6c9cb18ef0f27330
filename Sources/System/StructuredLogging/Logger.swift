import CSystemd
import Glibc
import LinuxSystem
import Synchronization

/// Writes constant messages with data in fields: to the journal under systemd, else as lines on standard error.
///
/// Prompts, answers and rows of data sets are never logged.
package struct Logger: Sendable {
    package enum Level: Int32, Sendable, Comparable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var name: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .notice: "notice"
            case .info: "info"
            case .debug: "debug"
            }
        }
    }

    package enum Destination: Sendable { case journal, standardError }

    private let destination: Destination
    private let most: Level?

    /// Entries less important than this are left out by loggers without a level of their own.
    private static let defaultLevel = Atomic(Level.info.rawValue)  // A number by itself; any thread may read it.

    package static func setDefaultLevel(_ level: Level) { defaultLevel.store(level.rawValue, ordering: .relaxed) }

    /// - Parameter most: entries less important than this are left out; nil for what `setDefaultLevel` says.
    package init(_ destination: Destination = .detected, most: Level? = nil) {
        self.destination = destination
        self.most = most
    }

    /// Writes one of the messages that the catalogue explains.
    package func log(_ message: LogMessage, _ fields: KeyValuePairs<String, String> = [:]) {
        log(message.level, message.text, fields, identifier: message.identifier)
    }

    package func error(_ message: StaticString, _ fields: KeyValuePairs<String, String> = [:]) {
        log(.error, message, fields)
    }
    package func warning(_ message: StaticString, _ fields: KeyValuePairs<String, String> = [:]) {
        log(.warning, message, fields)
    }
    package func notice(_ message: StaticString, _ fields: KeyValuePairs<String, String> = [:]) {
        log(.notice, message, fields)
    }
    package func info(_ message: StaticString, _ fields: KeyValuePairs<String, String> = [:]) {
        log(.info, message, fields)
    }

    package func debug(_ message: StaticString, _ fields: KeyValuePairs<String, String> = [:]) {
        log(.debug, message, fields)
    }

    private func log(
        _ level: Level, _ message: StaticString, _ fields: KeyValuePairs<String, String>,
        identifier: StaticString? = nil
    ) {
        guard level.rawValue <= most?.rawValue ?? Self.defaultLevel.load(ordering: .relaxed) else { return }
        switch destination {
        case .standardError: StandardErrorLog.write(Self.line(level, "\(message)", fields))
        case .journal:
            sendToJournal(
                Self.journalEntry(level, "\(message)", fields, identifier: identifier.map { "\($0)" }))
        }
    }

    /// The fields of one entry of the journal. `job` becomes FT_JOB_ID, other names FT_ and the name.
    package static func journalEntry(
        _ level: Level, _ message: String, _ fields: KeyValuePairs<String, String>, identifier: String?
    ) -> [String] {
        ["MESSAGE=\(message)", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=finetuned"]
            + (identifier.map { ["MESSAGE_ID=\($0)"] } ?? [])
            + fields.map { "FT_\($0.key == "job" ? "JOB_ID" : $0.key.uppercased())=\($0.value)" }
    }

    package static func line(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String>) -> String {
        let data = fields.map { " \($0.key)=\(quoted($0.value))" }.joined()
        return "\(level.name): \(message)\(data)\n"
    }

    private static func quoted(_ value: String) -> String {
        let needsQuotes = value.isEmpty || value.contains { $0 == " " || $0 == "\"" || $0 == "=" || $0.isNewline }
        return needsQuotes ? "\"" + value.replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\"" : value
    }

    private func sendToJournal(_ entries: [String]) {
        let copies = unsafe entries.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        let vectors = unsafe copies.map { copy in
            unsafe iovec(iov_base: copy, iov_len: copy.map { unsafe strlen($0) } ?? 0)
        }
        unsafe sd_journal_sendv(vectors, Int32(vectors.count))
    }
}

extension Logger.Destination {
    /// The journal when standard error is connected to it (JOURNAL_STREAM, systemd.exec(5)), else standard error.
    package static var detected: Logger.Destination {
        var status = stat()
        guard let stream = unsafe getenv("JOURNAL_STREAM"), unsafe fstat(STDERR_FILENO, &status) == 0 else {
            return .standardError
        }
        return unsafe String(cString: stream) == "\(status.st_dev):\(status.st_ino)" ? .journal : .standardError
    }
}
