import Foundation
import ServiceTestSupport
import Testing

/// A job that answers the lines of a file takes what `tunectl generate --jsonl` takes, and says what it passes over.
@Suite(.timeLimit(.minutes(3))) struct GenerationJobTests {
    private static let call =
        #"{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}"#
    private static let tools = #"[{"type":"function","function":{"name":"f","parameters":{"properties":{}}}}]"#
    private static let lines = [
        #"{"prompt":"Ada"}"#, #"{"ids":[3,4]}"#,
        #"{"messages":[{"role":"user","content":"a"},\#(call),{"role":"tool","content":"1"}],"tools":\#(tools)}"#,
        #"{"messages":[{"role":"user"}]}"#, #"{"prompt":"Ada","top":1}"#, "[1]",
    ]

    @Test func linesOfEveryKind() throws {
        let daemon = try DaemonFixture()
        let model = Checkout.root.path + "/examples/valley/base"
        let settings = ["template=qwen", "max_new_tokens=2", "seed=1"]
        let text = "\u{FEFF}" + Self.lines.joined(separator: "\n") + "\n"
        let input = daemon.path("in.jsonl")
        try Data(text.utf8).write(to: URL(fileURLWithPath: input))
        let file = daemon.path("g.yaml")
        try Data(
            "model_name_or_path: \(model)\ntemplate: qwen\nmax_new_tokens: 2\nseed: 1\noutput_dir: out\n".utf8
        ).write(to: URL(fileURLWithPath: file))
        let job = try daemon.tunectl(
            "submit", file, "--kind", "generate", "--input", input, directory: daemon.folder
        ).output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try daemon.tunectl("watch", job).status == 0)
        let written = try String(contentsOfFile: daemon.path("out/generated.jsonl"), encoding: .utf8)
        let asked = try run(
            Checkout.program("tunectl"), ["generate", "--jsonl", "--model", model] + settings, input: text,
            environment: ["FINETUNED_SOCKET": daemon.socket])
        #expect(asked.status == 65)
        let (ours, theirs) = (written.split(separator: "\n"), asked.output.split(separator: "\n"))
        #expect(ours.count == 6 && theirs.count == 6)
        #expect(ours.prefix(3) == theirs.prefix(3), "\(written) \(asked.output)")
        #expect(ours[3].contains("message 1 of role 'user' has no text"))
        #expect(ours[4].contains("there is no field `top` here") && ours[5].contains("but not an object"))
        let warning = "`template=qwen` does not format a raw prompt"
        #expect(asked.errors.components(separatedBy: warning).count == 2, "\(asked.errors)")
        let log = try daemon.tunectl("logs", job).output
        #expect(log.components(separatedBy: warning).count == 2, "\(log)")

        try Data([0xFF, 0xFE, 0x7B, 0, 0x7D, 0, 0x0A, 0]).write(to: URL(fileURLWithPath: input))
        let wide = try daemon.tunectl(
            "run", file, "--kind", "generate", "--input", input, "output_dir=wide", directory: daemon.folder)
        #expect(wide.status == 1 && wide.errors.contains("it is UTF-16 text"), "\(wide.errors)")
    }
}
