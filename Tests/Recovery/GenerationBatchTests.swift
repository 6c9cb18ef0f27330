import Foundation
import ServiceTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct GenerationBatchTests {
    private func submit(_ daemon: DaemonFixture, _ output: String) throws -> String {
        let questions = (0..<120).map { number in
            number == 7
                ? "{\"nonsense\": 1}"
                : "{\"messages\": [{\"role\": \"user\", \"content\": \"Where does Ada live, \(number)?\"}]}"
        }
        try Data(questions.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: daemon.path("in.jsonl")))
        let yaml = """
            model_name_or_path: \(Checkout.root.path)/examples/valley/base
            template: xverse
            max_new_tokens: 12
            ignore_eos: true
            """
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: daemon.path("generate.yaml")))
        let submitted = try daemon.tunectl(
            "submit", "generate.yaml", "--kind", "generate", "--input", "in.jsonl", "output_dir=\(output)",
            directory: daemon.folder)
        #expect(submitted.status == 0, "\(submitted.errors)")
        return submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func lines(_ daemon: DaemonFixture, _ output: String) -> [Substring] {
        let text = (try? String(contentsOfFile: daemon.path(output) + "/generated.jsonl", encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test func aKilledWorkerGoesOnBehindTheLastLine() throws {
        let daemon = try DaemonFixture()
        let whole = try submit(daemon, "whole")
        #expect(try daemon.tunectl("wait", whole).status == 0)
        let expected = lines(daemon, "whole")
        #expect(expected.count == 121 && expected.last == "" && expected[7].contains("\"kind\":\"bad_data\""))
        #expect(expected[6].contains("\"finish_reason\":\"length\""))

        let killed = try submit(daemon, "killed")
        let deadline = Date().addingTimeInterval(60)
        while lines(daemon, "killed").count < 20, Date() < deadline { usleep(1000) }
        for worker in daemon.workers() { kill(worker, SIGKILL) }
        #expect(try daemon.tunectl("wait", killed).status == 0)
        #expect(lines(daemon, "killed") == expected)
        #expect(try daemon.tunectl("logs", killed).output.contains("goes on behind line"))
        // A second job does not write over the first one's answers.
        let again = try submit(daemon, "whole")
        #expect(try daemon.tunectl("wait", again).status == 1)
    }
}
