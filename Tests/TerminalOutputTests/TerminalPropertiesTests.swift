import TerminalOutput
import Testing

struct TerminalPropertiesTests {
    private func properties(_ isTerminal: Bool, _ environment: [String: String]) -> TerminalProperties {
        TerminalProperties(isTerminal: isTerminal, environment: environment)
    }

    @Test func colour() {
        #expect(properties(true, [:]).usesColor)
        #expect(!properties(false, [:]).usesColor)
        #expect(!properties(true, ["NO_COLOR": "1"]).usesColor)
        #expect(properties(true, ["NO_COLOR": ""]).usesColor)
        #expect(!properties(true, ["TERM": "dumb"]).usesColor)
        #expect(properties(false, ["CLICOLOR_FORCE": "1"]).usesColor)
        #expect(!properties(false, ["CLICOLOR_FORCE": "0"]).usesColor)
        #expect(!properties(false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"]).usesColor)
    }

    @Test func aDumbTerminalGetsPlainLines() {
        #expect(!properties(true, ["TERM": "dumb"]).isTerminal)
        #expect(properties(true, ["TERM": "xterm"]).isTerminal)
    }

    @Test func encoding() {
        #expect(properties(true, ["LANG": "en_US.UTF-8"]).usesUTF8)
        #expect(properties(true, ["LANG": "C.utf8"]).usesUTF8)
        #expect(!properties(true, ["LANG": "en_US.UTF-8", "LC_ALL": "C"]).usesUTF8)
        #expect(properties(true, ["LANG": "C", "LC_ALL": "", "LC_CTYPE": "de_DE.UTF-8"]).usesUTF8)
        #expect(!properties(true, [:]).usesUTF8)
    }

    @Test func styles() {
        let plain = TerminalProperties(isTerminal: false, usesColor: false, usesUTF8: true)
        let coloured = TerminalProperties(isTerminal: true, usesColor: true, usesUTF8: true)
        #expect(TextStyle.bad.apply(to: "no", plain) == "no")
        #expect(TextStyle.bad.apply(to: "no", coloured) == "\u{1B}[31mno\u{1B}[0m")
    }
}
