/// Why a chat template cannot be read or rendered.
package enum JinjaError: Error, Hashable, CustomStringConvertible {
    case syntax(line: Int, reason: String)
    case notSupported(line: Int, what: String)
    /// The template itself refuses with `raise_exception`.
    case raised(String)
    case undefined(String)
    case wrongUse(String)
    case tooManySteps(limit: Int)
    case tooMuchText(limit: Int)
    case tooDeep(limit: Int)

    package var description: String {
        switch self {
        case .syntax(let line, let reason): "line \(line) of the chat template: \(reason)"
        case .notSupported(let line, let what):
            "line \(line) of the chat template uses \(what), which is not part of what we read"
        case .raised(let message): "the chat template refuses: \(message)"
        case .undefined(let name): "the chat template uses \(name), which is undefined"
        case .wrongUse(let reason): "the chat template fails: \(reason)"
        case .tooManySteps(let limit): "the chat template takes more than \(limit) steps"
        case .tooMuchText(let limit): "the chat template makes a text of more than \(limit) bytes"
        case .tooDeep(let limit): "the chat template is nested deeper than \(limit) levels"
        }
    }
}

/// Bounds on what a template may use up.
package struct JinjaLimits: Hashable, Sendable {
    /// Expressions, statements and rounds of loops; long texts count more than once.
    package var steps = 1_000_000
    /// Of the output, and of any text on the way to it.
    package var textBytes = 1 << 20
    /// Of calls within each other.
    package var calls = 50
    /// Elements of a list.
    package var elements = 100_000

    package init() {}
}
