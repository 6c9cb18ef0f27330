package import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI

/// Why a command ends early: a published kind, words for people and the exit code.
package struct CommandFailure: Error, Sendable {
    package let kind: String
    package let message: String
    package let hint: String?
    package let exitCode: ExitCode
    /// Further fields of the service's error, such as `line` and `parameter`.
    package let details: JSONObject

    package init(
        kind: String, message: String, hint: String? = nil, exitCode: ExitCode? = nil,
        details: JSONObject = JSONObject()
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.exitCode = exitCode ?? ExitCode(kind: kind)
        self.details = details
    }

    static func usage(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(kind: "usage", message: message, hint: hint)
    }

    /// What standard input does not give.
    init(input failure: SystemError) {
        self.init(
            kind: ErrorKind.inputOutput.rawValue, message: "standard input cannot be read: \(failure)",
            exitCode: .noInput)
    }

    /// Whether no further line of a script can be answered: without a daemon, after Ctrl-C, and without input.
    var endsScripts: Bool {
        ["unreachable", "interrupted"].contains(kind)
            || kind == ErrorKind.inputOutput.rawValue && exitCode == .noInput
    }

    static let interrupted = CommandFailure(kind: "interrupted", message: "interrupted")

    init(_ error: ConfigurationError) {
        var details = JSONObject()
        details["reason"] = .string(error.kindName)
        details["parameter"] = error.parameter.map(JSONValue.string)
        details["file"] = error.file.map(JSONValue.string)
        details["line"] = error.line.map { .integer(Int64($0)) }
        details["column"] = error.column.map { .integer(Int64($0)) }
        let place = error.place.map { "\($0): " } ?? ""
        self.init(kind: "bad_config", message: place + error.problem, hint: error.hint, details: details)
    }

    /// What standard output did not take.
    init(output failure: SystemError) {
        let kind: ErrorKind = failure.isDiskFull ? .diskFull : .inputOutput
        self.init(
            kind: kind.rawValue, message: "standard output cannot be written: \(failure)", exitCode: .cannotCreate)
    }

    /// The failure as `--json` prints it: `{"error": {"kind", "message", ...}}`.
    package var json: JSONValue {
        var error = JSONObject()
        error["kind"] = .string(kind)
        error["message"] = .string(message)
        error["hint"] = hint.map(JSONValue.string)
        for (key, value) in details where !error.contains(key) { error[key] = value }
        return ["error": .object(error)]
    }

    /// The failure as it is told on stderr.
    package var text: String {
        // A service that says the hint in its message already is not repeated.
        let rest = hint.flatMap { message.contains($0) ? nil : "  hint: \($0)\n" } ?? ""
        return "tunectl: \(kind): \(message)\n" + rest
    }
}
