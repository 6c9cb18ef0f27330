/// One complete thing that a person or a script asked for.
package enum ConversationInput: Equatable, Sendable {
    case prompt(String)
    case command(SlashCommand, argument: String)
    case unknownCommand(String)
}

/// Puts lines together: `"""` begins a prompt that goes on until a line ends with `"""`.
package struct InputCollector: Sendable {
    private static let quotes = "\"\"\""
    private var lines: [String]?

    package init() {}

    /// Whether a prompt of several lines has begun.
    package var isOpen: Bool { lines != nil }

    /// Takes a line; returns what is complete with it, nil for a blank line or within several.
    package mutating func take(_ line: String) -> ConversationInput? {
        if var open = lines {
            guard line.hasSuffix(Self.quotes) else {
                open.append(line)
                lines = open
                return nil
            }
            lines = nil
            let last = String(line.dropLast(3))
            return Self.prompt(open + (last.isEmpty ? [] : [last]))
        }
        if line.hasPrefix(Self.quotes) {
            let rest = String(line.dropFirst(3))
            if rest.hasSuffix(Self.quotes) { return Self.prompt([String(rest.dropLast(3))]) }
            lines = rest.isEmpty ? [] : [rest]
            return nil
        }
        return Self.input(line)
    }

    /// What is left when the input ends within several lines.
    package mutating func finish() -> ConversationInput? {
        defer { lines = nil }
        return lines.flatMap(Self.prompt)
    }

    /// Drops what has begun.
    package mutating func abandon() { lines = nil }

    private static func prompt(_ lines: [String]) -> ConversationInput? {
        let text = lines.joined(separator: "\n")
        return text.allSatisfy(\.isWhitespace) ? nil : .prompt(text)
    }

    /// A single line: a command begins with a slash and a letter; two slashes begin a prompt with one.
    package static func input(_ line: String) -> ConversationInput? {
        if line.allSatisfy(\.isWhitespace) { return nil }
        guard line.hasPrefix("/") else { return .prompt(line) }
        if line.hasPrefix("//") { return .prompt(String(line.dropFirst())) }
        let parts = line.dropFirst().split(separator: " ", maxSplits: 1).map(String.init)
        let name = parts.first ?? ""
        let argument = parts.count > 1 ? trimmed(parts[1]) : ""
        guard let command = SlashCommand.named(name) else { return .unknownCommand(name) }
        return .command(command, argument: argument)
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { String(start[...$0]) } ?? ""
    }
}
