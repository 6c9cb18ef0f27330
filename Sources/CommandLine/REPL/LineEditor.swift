/// What asking a person for a line ended with.
package enum EnteredLine: Equatable, Sendable {
    case line(String)
    /// Ctrl-C: what was typed is dropped.
    case interrupted
    /// Ctrl-D on an empty line, or the terminal went away.
    case endOfInput
}

/// What a wait for the keyboard ended with.
package enum KeyboardEvent: Sendable {
    case readable, interrupted, resized, continued, ended
}

/// Asks a person for lines.
package protocol LineEditor: AnyObject {
    /// Shows `prompt` and waits for a line, which is returned without its end.
    func readLine(prompt: String) throws -> EnteredLine
    /// Offers `line` when the person goes back in the history.
    func remember(_ line: String)
}
