import Foundation
import ServiceTestSupport
import Testing

/// `tunectl` as a person uses it: on a terminal, with a real daemon and the bundled model.
@Suite(.timeLimit(.minutes(3))) struct TerminalTests {
    private static let model = Checkout.root.path + "/examples/valley/base"

    private func open(_ daemon: DaemonFixture, _ arguments: String..., terminal: [String: String] = [:]) throws
        -> PseudoTerminal
    {
        try PseudoTerminal(
            Checkout.program("tunectl"), arguments,
            environment: [
                "FINETUNED_SOCKET": daemon.socket, "XDG_STATE_HOME": daemon.path("home"), "HOME": daemon.path("home"),
            ].merging(terminal) { $1 })
    }

    @Test func aConversation() throws {
        let daemon = try DaemonFixture()
        let terminal = try open(daemon, "template=xverse", "do_sample=false", "max_new_tokens=8")
        try terminal.expect("No model is chosen")
        try terminal.expect("> ")
        // Tab completes a folder piece by piece, then the command runs.
        terminal.type("/mod\texamples/val\tba\t\r")
        try terminal.expect("talking with examples/valley/base/")
        terminal.type("Where does Piet live?\r")
        // Untuned, the model goes on about trades; whatever it says ends with a new prompt.
        try terminal.expect("\n")
        try terminal.expect("> ")
        terminal.type("/stats\r")
        try terminal.expect("new tokens:")
        try terminal.expect("tokens per second:")
        terminal.type("/tokens\r")
        try terminal.expect("tokens; the whole dialogue in its template was")

        // Several candidates are listed, and the line stands again below them.
        terminal.type("/s\t")
        try terminal.expect("/save")
        try terminal.expect("/system")
        // Ctrl-C drops the line and not the program.
        terminal.type("\u{3}")
        try terminal.expect("^C")
        try terminal.expect("> ")

        // Ctrl-C stops an answer that would take very long; the prompt comes back.
        terminal.type("/set max_new_tokens=1000000 ignore_eos=true\r")
        try terminal.expect("ignore_eos=true\r\n")
        terminal.type("Go on for ever\r")
        Thread.sleep(forTimeInterval: 0.5)
        terminal.type("\u{3}")
        try terminal.expect("(stopped)")
        try terminal.expect("> ")

        // Up brings the prompt back; Ctrl-U empties the line; Ctrl-D on an empty line leaves.
        terminal.type("\u{1B}[A")
        try terminal.expect("Go on for ever")
        terminal.type("\u{15}\u{4}")
        #expect(try terminal.exitStatus() == 0)
        #expect(terminal.isInLineMode)

        let history = daemon.path("home/tunectl/history")
        let attributes = try FileManager.default.attributesOfItem(atPath: history)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try String(contentsOfFile: history, encoding: .utf8).contains("Where does Piet live?\n"))
        // The stopped request has left the service, which answers others.
        #expect(try daemon.tunectl("generate", "--model", Self.model, "Ada", "max_new_tokens=3").status == 0)
    }

    @Test func linesOfEveryKind() throws {
        let daemon = try DaemonFixture()
        let terminal = try open(daemon, "--model", Self.model, "template=xverse", "max_new_tokens=4")
        try terminal.expect("Talking with")
        terminal.type("\"\"\"Grüße\r")
        try terminal.expect(". ")
        terminal.type("zweite Zeile\"\"\"\r")
        try terminal.expect("> ")
        let file = daemon.path("talk.json")
        terminal.type("/save \(file)\r")
        try terminal.expect("saved to")
        terminal.type("/clear\r/load \(file)\r")
        try terminal.expect("2 messages from")
        terminal.type("/nosuch\r")
        try terminal.expect("there is no command `/nosuch`")
        terminal.type("/jobs\r")
        try terminal.expect("SUBMITTED")
        terminal.type("/quit\r")
        #expect(try terminal.exitStatus() == 0)
        let saved = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
        let messages = (saved as? [String: Any])?["messages"] as? [[String: String]]
        #expect(messages?.first == ["role": "user", "content": "Grüße\nzweite Zeile"])
    }

    @Test func anEditorOfOnesOwn() throws {
        let daemon = try DaemonFixture()
        let editor = daemon.path("editor")
        try Data("#!/bin/sh\nsed -i s/Ada/Olga/ \"$1\"\n".utf8).write(to: URL(fileURLWithPath: editor))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: editor)
        let terminal = try open(
            daemon, "--model", Self.model, "template=xverse", "max_new_tokens=4", terminal: ["EDITOR": editor])
        try terminal.expect("> ")
        terminal.type("Where is Ada?\r")
        try terminal.expect("\n")
        try terminal.expect("> ")
        terminal.type("/edit\r")
        try terminal.expect("> ")
        terminal.type("/show\r")
        // The edited prompt stands in place of the first.
        try terminal.expect("messages: 2")
        try terminal.expect("  Where is Olga?")
        // Ctrl-D counts at the prompt only.
        try terminal.expect("> ")
        terminal.type("\u{4}")
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func aDumbTerminalGetsPlainLines() throws {
        let daemon = try DaemonFixture()
        let terminal = try open(
            daemon, "--model", Self.model, "template=xverse", "max_new_tokens=4", terminal: ["TERM": "dumb"])
        try terminal.expect("> ")
        terminal.type("/show\r")
        try terminal.expect("model:")
        try terminal.expect("> ")
        terminal.type("\u{4}")
        #expect(try terminal.exitStatus() == 0)
        #expect(!terminal.shown.contains("\u{1B}"))
    }

    @Test func topDrawsInPlaceAndGivesTheTerminalBack() throws {
        let daemon = try DaemonFixture()
        let terminal = try open(daemon, "top", "--interval", "0.2")
        try terminal.expect("\u{1B}[?1049h")
        try terminal.expect("no jobs")
        #expect(!terminal.isInLineMode)
        terminal.resize(columns: 30, rows: 6)
        try terminal.expect("…")
        terminal.type("q")
        #expect(try terminal.exitStatus() == 0)
        #expect(terminal.shown.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
        #expect(terminal.isInLineMode)

        let interrupted = try open(daemon, "top", terminal: ["LC_ALL": "C", "NO_COLOR": "1"])
        try interrupted.expect("no models in memory")
        interrupted.type("\u{3}")
        #expect(try interrupted.exitStatus() == 130)
        #expect(interrupted.shown.hasSuffix("\u{1B}[?25h\u{1B}[?1049l") && interrupted.isInLineMode)
        #expect(!interrupted.shown.contains("█") && !interrupted.shown.contains("\u{1B}[1m"))
    }

    @Test func leavingAWatchLeavesTheJobAlone() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(
            to: daemon.folder, steps: 100_000, extra: ["output_dir: \(daemon.path("long"))"])
        let run = try open(daemon, "run", file)
        try run.expect("loss")
        run.type("\u{3}")
        try run.expect("To follow it again: tunectl watch 1")
        #expect(try run.exitStatus() == 130)
        #expect(try daemon.tunectl("show", "1", "--json=state").output == "{\"state\":\"running\"}\n")

        // Within a conversation, the watch ends and the conversation goes on.
        let terminal = try open(daemon, "--model", Self.model)
        try terminal.expect("> ")
        terminal.type("/watch 1\r")
        try terminal.expect("loss")
        terminal.type("\u{3}")
        try terminal.expect("detached")
        try terminal.expect("> ")
        terminal.type("/cancel 1\r")
        try terminal.expect("job 1: ")
        terminal.type("/submit \(file) max_steps=1 output_dir=\(daemon.path("short"))\r")
        try terminal.expect("\r\n2\r\n")
        // Ctrl-D counts at the prompt only.
        try terminal.expect("> ")
        terminal.type("\u{4}")
        #expect(try terminal.exitStatus() == 0)
    }

    @Test func anInterruptCancelsWhereItIsAskedTo() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(
            to: daemon.folder, steps: 100_000, extra: ["output_dir: \(daemon.path("long"))"])
        let run = try open(daemon, "run", "--cancel-on-interrupt", file)
        try run.expect("loss")
        run.type("\u{3}")
        try run.expect("cancelling job 1")
        try run.expect("job 1 cancelled")
        #expect(try run.exitStatus() == 3)
        #expect(try daemon.tunectl("show", "1", "--json=state").output == "{\"state\":\"cancelled\"}\n")
    }

    @Test func aScriptOfPromptsAndCommands() throws {
        let daemon = try DaemonFixture()
        let script = "/set max_new_tokens=6 do_sample=false\nWhere does Ada live?\n/tokens\n/nosuch\n"
        let run = try daemon.tunectl("--model", Self.model, "template=xverse", input: script)
        #expect(run.status == 2)
        #expect(run.errors.contains("/nosuch") && !run.errors.contains("> "))
        #expect(run.output.split(separator: "\n").last?.allSatisfy { $0.isNumber || $0 == " " } == true)
        let lines = try daemon.tunectl(
            "--jsonl", "--model", Self.model, "template=xverse", "max_new_tokens=4",
            input: #"{"prompt":"Hello"}"# + "\n" + #"{"command":"/stats"}"# + "\n")
        #expect(lines.status == 0)
        #expect(lines.output.contains("\"message\"") && lines.output.contains("\"tokens_per_second\""))
    }
}
