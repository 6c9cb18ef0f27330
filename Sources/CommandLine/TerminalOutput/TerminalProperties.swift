import Glibc

/// What the output on one descriptor may look like.
package struct TerminalProperties: Sendable, Equatable {
    /// Whether a person's terminal reads it; bars and the like are drawn only then.
    package var isTerminal: Bool
    package var usesColor: Bool
    /// Whether characters beyond ASCII will be understood.
    package var usesUTF8: Bool

    package init(isTerminal: Bool, usesColor: Bool, usesUTF8: Bool) {
        self.isTerminal = isTerminal
        self.usesColor = usesColor
        self.usesUTF8 = usesUTF8
    }

    /// Decides from the environment by the usual conventions.
    ///
    /// `NO_COLOR` (not empty) and `TERM=dumb` take colour away, `CLICOLOR_FORCE` (not 0) brings it back even into
    /// files. The encoding is that of `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    package init(isTerminal: Bool, environment: [String: String]) {
        func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
        let isDumb = environment["TERM"] == "dumb"
        self.isTerminal = isTerminal && !isDumb
        if isSet("NO_COLOR") {
            usesColor = false
        } else if isSet("CLICOLOR_FORCE"), environment["CLICOLOR_FORCE"] != "0" {
            usesColor = true
        } else {
            usesColor = isTerminal && !isDumb
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].first(where: isSet).flatMap { environment[$0] } ?? ""
        let encoding = locale.uppercased()
        usesUTF8 = encoding.contains("UTF-8") || encoding.contains("UTF8")
    }

    package init(descriptor: Int32, environment: [String: String]) {
        self.init(isTerminal: isatty(descriptor) == 1, environment: environment)
    }

    /// The terminal's columns now; 80 when the descriptor is no terminal or does not tell.
    package static func columns(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// The terminal's rows now; 24 when the descriptor is no terminal or does not tell.
    package static func rows(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
        return Int(size.ws_row)
    }
}

/// The few colours in use, with the meaning they have here.
package enum TextStyle: Sendable {
    case good, bad, attention, faint, strong

    private var code: String {
        switch self {
        case .good: "32"
        case .bad: "31"
        case .attention: "33"
        case .faint: "2"
        case .strong: "1"
        }
    }

    package func apply(to text: String, _ terminal: TerminalProperties) -> String {
        terminal.usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
