import Foundation
import ServiceTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct GenerationBatchTests {
    private func submit(_ daemon: DaemonFixture, _ output: String, _ more: String...) throws -> String {
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
        let submitted = try run(
            Checkout.program("tunectl"),
            ["submit", "generate.yaml", "--kind", "generate", "--input", "in.jsonl", "output_dir=\(output)"] + more,
            environment: ["FINETUNED_SOCKET": daemon.socket], directory: daemon.folder)
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
        // The line that could not be answered was the first worker's.
        #expect(try metrics(daemon, killed) == ["lines": 120, "errors": 1])
        // A second job does not write over the first one's answers, nor does it take them for its own when it is tried
        // again.
        let again = try submit(daemon, "whole")
        for _ in 1...2 {
            #expect(try daemon.tunectl("wait", again).status == 1)
            #expect(try daemon.tunectl("show", again).output.contains("already holds generated.jsonl"))
            #expect(lines(daemon, "whole") == expected)
            #expect(try daemon.tunectl("requeue", again).status == 0)
        }
        #expect(try daemon.tunectl("wait", again).status == 1)
    }

    /// Answers that lie there before the job's first attempt stay somebody else's at every further one.
    @Test func foreignLinesAreNotTakenOver() throws {
        let daemon = try DaemonFixture()
        try FileManager.default.createDirectory(atPath: daemon.path("out"), withIntermediateDirectories: true)
        let foreign = "{\"text\":\"mine\"}\n{\"text\":\"mine too\"}\n"
        let file = URL(fileURLWithPath: daemon.path("out/generated.jsonl"))
        try Data(foreign.utf8).write(to: file)
        let job = try submit(daemon, "out")
        for _ in 1...2 {
            #expect(try daemon.tunectl("wait", job).status == 1)
            #expect(try String(contentsOf: file, encoding: .utf8) == foreign)
            #expect(try daemon.tunectl("requeue", job).status == 0)
        }
        #expect(try daemon.tunectl("wait", job).status == 1)
        #expect(!FileManager.default.fileExists(atPath: daemon.path("out/generated.run.json")))
        // Asked to, it begins anew and leaves none of them.
        let anew = try submit(daemon, "out", "overwrite_output_dir=true")
        #expect(try daemon.tunectl("wait", anew).status == 0)
        #expect(lines(daemon, "out").count == 121 && !lines(daemon, "out")[0].contains("mine"))
    }

    private func metrics(_ daemon: DaemonFixture, _ job: String) throws -> [String: Int]? {
        let shown = try daemon.tunectl("show", job, "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any]
        return object?["metrics"] as? [String: Int]
    }
}
