/// One verb: the description from which parsing, help and completion are made, and what it does.
package struct Command: Sendable {
    /// What a positional argument or an option's value names; completion offers accordingly.
    package enum ValueKind: Sendable {
        case text, file, directory, job, model, method, command, shell, parameter
    }

    package struct Positional: Sendable {
        package let name: String
        package let kind: ValueKind
        package let isRequired: Bool
        package let repeats: Bool

        static func one(_ name: String, _ kind: ValueKind) -> Positional {
            Positional(name: name, kind: kind, isRequired: true, repeats: false)
        }

        static func optional(_ name: String, _ kind: ValueKind) -> Positional {
            Positional(name: name, kind: kind, isRequired: false, repeats: false)
        }

        static func several(_ name: String, _ kind: ValueKind, isRequired: Bool = true) -> Positional {
            Positional(name: name, kind: kind, isRequired: isRequired, repeats: true)
        }
    }

    package struct Option: Sendable {
        /// Without dashes.
        package let name: String
        package let short: Character?
        /// The value's name in help; nil for a flag.
        package let value: String?
        package let kind: ValueKind
        /// Whether the value may be left out (`--json` and `--json=id,state`).
        package let valueIsOptional: Bool
        package let help: String

        static func flag(_ name: String, short: Character? = nil, _ help: String) -> Option {
            Option(name: name, short: short, value: nil, kind: .text, valueIsOptional: false, help: help)
        }

        static func value(
            _ name: String, _ value: String, _ help: String, kind: ValueKind = .text
        ) -> Option {
            Option(name: name, short: nil, value: value, kind: kind, valueIsOptional: false, help: help)
        }
    }

    package let name: String
    package let aliases: [String]
    package let summary: String
    package let positionals: [Positional]
    package let options: [Option]
    /// Whether `key=value` arguments set parameters.
    package let takesOverrides: Bool
    /// Further paragraphs of the help.
    package let details: String
    let run: @Sendable (Invocation, CommandContext) throws -> ExitCode

    init(
        _ name: String, aliases: [String] = [], _ summary: String, positionals: [Positional] = [],
        options: [Option] = [], takesOverrides: Bool = false, details: String = "",
        run: @escaping @Sendable (Invocation, CommandContext) throws -> ExitCode
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.positionals = positionals
        self.options = options
        self.takesOverrides = takesOverrides
        self.details = details
        self.run = run
    }

    /// Options that every command has.
    static let commonOptions: [Option] = [
        Option(
            name: "json", short: nil, value: "FIELDS", kind: .text, valueIsOptional: true,
            help: "print JSON; with =id,state only those fields"),
        .flag("plain", "print one row a line, fields parted by tabs, without headings, bars or colours"),
        .flag("quiet", short: "q", "print names only, and no talk on stderr"),
        .value("socket", "PATH", "the daemon's socket", kind: .file),
        .flag("help", short: "h", "explain the command"),
    ]

    var allOptions: [Option] { options + Self.commonOptions }
}
