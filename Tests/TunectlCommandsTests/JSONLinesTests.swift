import JSONDocuments
import Testing
import TunectlCommands

/// The contract of `--jsonl` against a daemon that answers by the book.
struct JSONLinesTests {
    @Test func oneLineForEachLineInOrder() throws {
        let run = TunectlRun(
            ["tokenize", "--model", "m", "--jsonl"],
            input: ["{\"text\": \"ab\"}", "not json", "[1]", "{\"txt\": \"x\"}", "{\"text\": 5}", "{\"text\": \"\"}"]
        ) { id, _, params in
            let ids = (params["text"]?.string ?? "").utf8.map { JSONValue.integer(Int64($0)) }
            return [FakeDaemon.result(id, ["ids": .array(ids)])]
        }
        #expect(run.exitCode.rawValue == 65)
        #expect(run.lines.count == 6)
        #expect(run.lines[0] == "{\"ids\":[97,98]}")
        #expect(run.lines[5] == "{\"ids\":[]}")
        for line in run.lines[1...4] {
            let error = try #require(try JSONValue(parsing: line)["error"])
            #expect(error["kind"]?.string == "bad_data")
            #expect(error["message"]?.string?.isEmpty == false)
            #expect(error.object?.keys == ["kind", "message"])
        }
        #expect(run.errors.isEmpty)
        // Bad lines never reach the daemon.
        #expect(run.requests.count == 2)
        #expect(run.requests[0]["params"]?["working_directory"]?.string == "/work")
        #expect(run.requests[0]["params"]?["model"]?.string == "m")
        #expect(run.requests[0]["params"]?["special_tokens"] == .bool(true))
    }

    @Test func goodLinesMeanSuccess() {
        let run = TunectlRun(
            ["detokenize", "--model", "m", "--jsonl", "--skip-special-tokens"], input: ["{\"ids\": [1, 2]}"]
        ) { id, method, params in
            let text = "\(method) \(params["ids"] ?? .null) \(params["skip_special_tokens"] ?? .null)"
            return [FakeDaemon.result(id, ["text": .string(text)])]
        }
        #expect(run.exitCode == .success)
        #expect(run.output == "{\"text\":\"detokenize [1,2] true\"}\n")
    }

    @Test func outputThatIsFullEndsTheCommand() {
        let answers = Array(repeating: "{\"ids\": [1]}", count: 100)
        for arguments in [["detokenize", "--model", "m", "--jsonl"], ["chat", "--model", "m", "--jsonl"]] {
            let input = arguments[0] == "chat" ? answers.map { _ in "{\"prompt\": \"a\"}" } : answers
            let run = TunectlRun(arguments, input: input, outputCapacity: 40) { id, _, _ in
                [FakeDaemon.result(id, ["text": "0123456789"])]
            }
            #expect(run.exitCode == .cannotCreate)
            #expect(run.errors.contains("disk_full: standard output cannot be written: No space left on device"))
            #expect(run.requests.count <= 3, "\(run.requests.count)")
        }
        // A script of prompts too; and a line that is bad does not hide that others are missing.
        let script = TunectlRun(["--model", "m"], input: ["a", "b", "c", "d"], outputCapacity: 15) { id, _, _ in
            [FakeDaemon.result(id, ["text": "0123456789"])]
        }
        #expect(script.exitCode == .cannotCreate)
        #expect(script.requests.count == 2)
        let bad = TunectlRun(["tokenize", "--model", "m", "--jsonl"], input: ["x"], outputCapacity: 0) { _, _, _ in [] }
        #expect(bad.exitCode == .cannotCreate)
    }

    @Test func logProbabilities() {
        let run = TunectlRun(
            ["logprobs", "--model", "m", "--adapter", "a", "--jsonl", "--no-special-tokens"],
            input: ["{\"ids\": [1, 2]}", "{\"text\": \"hi\"}", "{\"ids\": [\"1\"]}", "{\"ids\": [-1]}"]
        ) { id, _, params in
            [FakeDaemon.result(id, ["ids": params["ids"] ?? [5, 6], "token_logprobs": [-0.5], "extra": 1])]
        }
        #expect(run.exitCode.rawValue == 65)
        #expect(run.lines[0] == "{\"ids\":[1,2],\"token_logprobs\":[-0.5]}")
        #expect(run.lines[1] == "{\"ids\":[5,6],\"token_logprobs\":[-0.5]}")
        #expect(run.lines[2].contains("bad_data"))
        #expect(run.lines[3].contains("bad_data"))
        #expect(run.requests[0]["params"]?["adapter"]?.string == "a")
        #expect(run.requests[1]["params"]?["special_tokens"] == .bool(false))
    }

    /// What would be passed over is refused.
    @Test func argumentsBesideLines() {
        for command in ["tokenize", "detokenize", "logprobs", "generate"] {
            let run = TunectlRun([command, "--model", "m", "--jsonl", "a text"], input: ["{\"ids\": [1]}"]) {
                id, _, _ in
                [FakeDaemon.result(id, [:])]
            }
            #expect(run.exitCode == .usage && run.requests.isEmpty && run.errors.contains("`a text`"))
        }
    }

    /// How the model is read goes with every line.
    @Test func settingsOfTheModel() {
        let run = TunectlRun(
            ["logprobs", "--model", "m", "--jsonl", "quantization_bit=4", "rope_scaling=linear"],
            input: ["{\"ids\": [1]}", "{\"ids\": [2]}"]
        ) { id, _, _ in [FakeDaemon.result(id, ["ids": [1], "token_logprobs": []])] }
        #expect(run.requests.count == 2)
        for request in run.requests {
            #expect(request["params"]?["overrides"] == ["quantization_bit=4", "rope_scaling=linear"])
        }
        let load = TunectlRun(["load", "m", "infer_dtype=float32"]) { id, _, _ in
            [FakeDaemon.result(id, ["model": "/m", "settings": ["infer_dtype=float32"]])]
        }
        #expect(load.requests.first?["params"]?["overrides"] == ["infer_dtype=float32"])
    }

    /// What the model's files say in vain is told on stderr, once.
    @Test func warningsAreToldOnce() {
        for (command, line) in [("logprobs", "{\"ids\": [1, 2]}"), ("tokenize", "{\"text\": \"a\"}")] {
            let run = TunectlRun([command, "--model", "m", "--jsonl"], input: [line, line]) { id, _, params in
                [FakeDaemon.result(id, ["ids": [1, 2], "token_logprobs": [-0.5], "warnings": ["one", "other"]])]
            }
            #expect(run.exitCode == .success && run.lines.count == 2 && !run.output.contains("one"))
            #expect(run.errors == "warning: one\nwarning: other\n")
        }
    }

    @Test func generation() {
        let run = TunectlRun(
            ["generate", "--model", "m", "--jsonl", "do_sample=false", "max_new_tokens=4"],
            input: [
                "{\"prompt\": \"x\"}", "{\"ids\": [3]}", "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}]}",
                "{\"prompt\": \"x\", \"ids\": [3]}", "{\"messages\": 4}", "{\"messages\": [{\"content\": \"user\"}]}",
                "{}",
            ]
        ) { id, _, _ in [FakeDaemon.result(id, ["ids": [7, 2], "text": "t", "finish_reason": "stop", "usage": 1])] }
        #expect(run.exitCode.rawValue == 65)
        #expect(run.lines[..<3].allSatisfy { $0 == "{\"ids\":[7,2],\"text\":\"t\",\"finish_reason\":\"stop\"}" })
        #expect(run.lines.count == 7)
        #expect(run.requests.count == 3)
        #expect(run.requests[1]["params"]?["prompt"] == nil)
        #expect(run.requests[0]["params"]?["overrides"] == ["do_sample=false", "max_new_tokens=4"])
    }

    @Test func promptsWithoutSpecialTokensAreTokenizedFirst() {
        let run = TunectlRun(
            ["generate", "--model", "m", "--jsonl", "--no-special-tokens"], input: ["{\"prompt\": \"x\"}"]
        ) { id, method, _ in
            [FakeDaemon.result(id, method == "tokenize" ? ["ids": [9]] : ["ids": [1], "text": "a"])]
        }
        #expect(run.exitCode == .success)
        #expect(run.requests.map { $0["method"]?.string } == ["tokenize", "generate"])
        #expect(run.requests[0]["params"]?["special_tokens"] == .bool(false))
        #expect(run.requests[1]["params"]?["ids"] == [9])
    }

    @Test func errorsOfTheServiceKeepTheirKind() {
        let run = TunectlRun(
            ["logprobs", "--model", "m", "--jsonl"], input: ["{\"ids\": [1]}", "{\"ids\": [99]}"]
        ) { id, _, params in
            params["ids"] == [1]
                ? [FakeDaemon.error(id, kind: "not_found", "no model m")]
                : [FakeDaemon.error(id, kind: "bad_data", "id 99 is not in the vocabulary")]
        }
        #expect(run.exitCode.rawValue == 66)
        #expect(run.lines[0] == "{\"error\":{\"kind\":\"not_found\",\"message\":\"no model m\"}}")
        #expect(run.lines[1].contains("id 99"))
    }

    @Test func aLostDaemonEndsTheCommand() {
        let run = TunectlRun(
            ["tokenize", "--model", "m", "--jsonl"], input: ["{\"text\": \"a\"}", "{\"text\": \"b\"}"]
        ) { _, _, _ in nil }
        #expect(run.exitCode.rawValue == 69)
        #expect(run.output.isEmpty)
    }
}
