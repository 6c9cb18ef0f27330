import Foundation
import ServiceTestSupport
import Testing

/// The clients in other languages, each by its own tests or by being run; left out where their tools are missing.
@Suite(.timeLimit(.minutes(5))) struct ClientTests {
    private static let python = Checkout.root.appendingPathComponent("clients/python")
    private static let scripts = Checkout.root.appendingPathComponent("clients/shell")

    static func has(_ tools: String...) -> Bool {
        tools.allSatisfy { tool in
            ["/usr/bin/", "/bin/", "/usr/local/bin/"].contains {
                FileManager.default.isExecutableFile(atPath: $0 + tool)
            }
        }
    }

    static var hasPython: Bool {
        let check = "import sys; sys.exit(sys.version_info < (3, 11))"
        return (try? run(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", check]))?.status == 0
    }

    private func script(_ name: String, _ arguments: String..., input: String? = nil, daemon: DaemonFixture) throws
        -> Finished
    {
        try run(
            Self.scripts.appendingPathComponent(name), arguments, input: input,
            environment: ["FINETUNED_SOCKET": daemon.socket, "TUNECTL": Checkout.program("tunectl").path], seconds: 60)
    }

    @Test(.enabled(if: hasPython, "there is no python3 of version 3.11 or later"))
    func python() throws {
        let update = ProcessInfo.processInfo.environment["FINETUNED_UPDATE"] == "1"
        if update {
            let made = try run(
                URL(fileURLWithPath: "/usr/bin/env"), ["python3", "generate_types.py"], directory: Self.python)
            #expect(made.status == 0, "\(made.errors)")
        }
        let tests = try run(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-W", "error", "-m", "unittest"],
            environment: ["PYTHONDONTWRITEBYTECODE": "1"], directory: Self.python, seconds: 240)
        #expect(tests.status == 0, "\(tests.errors.suffix(4000))")
        #expect(tests.errors.contains("\nOK"))
    }

    @Test(.enabled(if: has("nc", "jq"), "nc (netcat-openbsd) or jq is missing"))
    func jobsByNetcat() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: 3, extra: ["output_dir: \(daemon.path("out"))"])
        let submitted = try script("submit-and-wait.sh", file, "learning_rate=2e-3", daemon: daemon)
        #expect(submitted.status == 0, "\(submitted.errors)")
        #expect(submitted.output == "succeeded \(daemon.path("out"))\n")
        #expect(submitted.errors.contains("step 3/3 loss"))
        let refused = try script("submit-and-wait.sh", file, "lora_rnak=2", daemon: daemon)
        #expect(refused.status == 78 && refused.errors.contains("did you mean `lora_rank`?"))

        let listed = try script("list-jobs.sh", "succeeded", daemon: daemon)
        #expect(listed.output == "1\tsucceeded\t\(daemon.path("out"))\n")
        #expect(try script("list-jobs.sh", "failed", daemon: daemon).output.isEmpty)

        let events = try script("watch-job.sh", "1", daemon: daemon)
        let numbers = try events.output.split(separator: "\n").map { line in
            let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return event?["seq"] as? Int ?? 0
        }
        #expect(events.status == 0 && numbers == Array(1...max(1, numbers.count)) && numbers.count > 3)
        let rest = try script("watch-job.sh", "1", "\(numbers.count - 1)", daemon: daemon)
        #expect(rest.output.split(separator: "\n").count == 1)
        #expect(try script("watch-job.sh", "99", daemon: daemon).status == 1)
    }

    @Test(.enabled(if: has("socat", "jq"), "socat or jq is missing"))
    func anAnswerBySocat() throws {
        let daemon = try DaemonFixture()
        let model = Checkout.root.path + "/examples/valley/base"
        let answer = try script(
            "stream-answer.sh", model, "The home of", "do_sample=false", "max_new_tokens=8", daemon: daemon)
        let expected = try daemon.tunectl(
            "generate", "--model", model, "The home of", "do_sample=false", "max_new_tokens=8")
        #expect(answer.status == 0 && !answer.output.isEmpty)
        #expect(answer.output == expected.output)
        let failed = try script("stream-answer.sh", "/nowhere", "x", daemon: daemon)
        #expect(failed.status != 0 && failed.errors.contains("not_found"))
    }

    @Test(.enabled(if: has("jq"), "jq is missing"))
    func manyPrompts() throws {
        let daemon = try DaemonFixture()
        let model = Checkout.root.path + "/examples/valley/base"
        let answers = try script(
            "batch.sh", model, "do_sample=false", "max_new_tokens=4", input: "The home of\nThe \"pet\" of\n",
            daemon: daemon)
        let lines = try answers.output.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(answers.status == 0, "\(answers.errors)")
        #expect(lines.map { $0?["prompt"] as? String } == ["The home of", "The \"pet\" of"])
        #expect(lines.allSatisfy { ($0?["answer"] as? String)?.isEmpty == false })
    }
}
