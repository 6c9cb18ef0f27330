/// A manual page, written in the macros of man(7) from tables that the program has anyway.
package struct ManualPage {
    /// The page as `man -l` reads it.
    package private(set) var roff: String

    /// - Parameter source: the product with its version, shown at the foot
    package init(_ name: String, section: Int, summary: String, source: String) {
        roff = """
            .TH "\(name.uppercased())" "\(section)" "" "\(Self.escaped(source))" "finetuned manual"
            .nh
            .ad l
            .SH NAME
            \(Self.escaped(name)) \\- \(Self.escaped(summary))

            """
    }

    package mutating func section(_ title: String) { roff += ".SH \"\(Self.escaped(title.uppercased()))\"\n" }
    package mutating func subsection(_ title: String) { roff += ".SS \"\(Self.escaped(title))\"\n" }

    /// Text that is filled; an empty line begins a new paragraph.
    package mutating func paragraph(_ text: String) {
        for part in text.split(separator: "\n\n") { roff += ".PP\n" + Self.lines(String(part)) }
    }

    /// A bold word with its explanation beside or below it.
    package mutating func item(_ tag: String, _ text: String) {
        roff += ".TP\n.B \"\(Self.escaped(tag))\"\n" + (text.isEmpty ? "\\&\n" : Self.lines(text))
    }

    /// Lines that stay as they are.
    package mutating func literal(_ text: String) { roff += ".PP\n.RS 4\n.nf\n" + Self.lines(text) + ".fi\n.RE\n" }

    private static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let escaped = escaped(String(line))
            // A control character at the beginning would make the line a request.
            return (escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" : "") + escaped + "\n"
        }.joined()
    }

    /// Text without meaning to roff; hyphens stay those that a reader can paste into a shell.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "\"": result += "\\(dq"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            default: result.append(character)
            }
        }
        return result
    }
}
