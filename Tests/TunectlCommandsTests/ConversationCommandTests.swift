import JSONDocuments
import Testing
import TunectlCommands

/// The conversation's commands, in a script and against a service that tells what it was asked.
struct ConversationCommandTests {
    /// Answers with the adapter and the last message; token ids are the text's bytes.
    private static let echo: FakeDaemon.Handler = { id, method, params in
        switch method {
        case "chat":
            let last = params["messages"]?.array?.last?["content"]?.string ?? ""
            if last == "fail" { return [FakeDaemon.error(id, kind: "oom", "too large")] }
            let text = "[\(params["adapter"]?.string ?? "base")] \(last)"
            return [
                FakeDaemon.notification("$/progress", ["request": id, "value": ["text": .string(text)]]),
                FakeDaemon.result(
                    id,
                    [
                        "ids": [1, 2], "text": .string(text), "finish_reason": "stop", "prompt_tokens": 7,
                        "generation_seconds": 0.5,
                    ]),
            ]
        case "tokenize":
            guard params["model"]?.string != "nowhere" else {
                return [FakeDaemon.error(id, kind: "not_found", "there is no folder nowhere")]
            }
            let bytes = (params["text"]?.string ?? "").utf8.map { JSONValue.integer(Int64($0)) }
            return [FakeDaemon.result(id, ["ids": .array(bytes)])]
        case "job.list":
            return [FakeDaemon.result(id, ["jobs": [["id": "3", "state": "queued", "kind": "train"]]])]
        default: return [FakeDaemon.error(id, kind: "bad_request", method)]
        }
    }

    private func script(_ lines: String..., arguments: [String] = ["--model", "m"]) -> TunectlRun {
        TunectlRun(arguments, input: lines, daemon: Self.echo)
    }

    @Test func withoutAVerbStandardInputIsAScript() {
        let run = script("Hello", "/quit", "never", arguments: ["--model", "m", "template=qwen"])
        #expect(run.output == "[base] Hello\n")
        #expect(run.errors.isEmpty && run.exitCode == .success)
        #expect(run.requests[0]["params"]?["overrides"] == ["template=qwen"])
        #expect(TunectlRun([], input: []).exitCode == .success)
        // Options of a conversation do not belong before a verb.
        #expect(TunectlRun(["--model", "m", "jobs"], daemon: Self.echo).exitCode == .usage)
    }

    @Test func modelsAndAdaptersAreChosen() {
        let run = script(
            "/model m2", "one", "/adapter a", "two", "/base", "three", "/adapter", "four", "/model nowhere", "five",
            arguments: [])
        #expect(run.output == "[base] one\n[a] two\n[base] three\n[a] four\n[a] five\n")
        #expect(run.errors.contains("there is no folder nowhere"))
        #expect(run.exitCode == .noInput)
        let chats = run.requests.filter { $0["method"] == "chat" }
        #expect(chats.allSatisfy { $0["params"]?["model"] == "m2" })
        #expect(script("hi", arguments: []).exitCode == .usage)
    }

    @Test func bothAnswersOfOnePrompt() {
        let run = script("/ab no adapter", "/adapter a", "/ab Who?", "next", "/ab")
        #expect(run.output.hasPrefix("── base\n[base] Who?\n── adapter a\n[a] Who?\n[a] next\n── base\n[base] next\n"))
        #expect(run.errors.contains("no adapter to compare with"))
        let chats = run.requests.filter { $0["method"] == "chat" }.map { $0["params"]?["messages"]?.array ?? [] }
        // Both see the same dialogue, and it goes on with the adapter's answer.
        #expect(chats[0] == chats[1])
        #expect(chats[2].map { $0["content"] } == ["Who?", "[a] Who?", "next"])
        #expect(chats[3] == chats[2] && chats[4] == chats[2])
    }

    @Test func retryingTakesTheAnswerBack() {
        let run = script("one", "two", "/retry", "/clear", "three", "fail", "/retry")
        let chats = run.requests.map { $0["params"]?["messages"]?.array?.count ?? 0 }
        #expect(chats == [1, 3, 3, 1, 3, 3])
        #expect(run.exitCode == .tryLater)
        #expect(script("/retry").exitCode == .usage)
    }

    @Test func parametersAreChecked() {
        let run = script("/set temperature=0.5 seed=3", "/set temperature=0.7", "/set", "x", "/set seed=", "y")
        #expect(run.output.hasPrefix("seed=3\ntemperature=0.7\n"))
        #expect(run.requests[0]["params"]?["overrides"] == ["seed=3", "temperature=0.7"])
        #expect(run.requests[1]["params"]?["overrides"] == ["temperature=0.7"])
        for (setting, reason) in [
            ("temperatur=1", "did you mean `temperature`?"), ("temperature=warm", "temperature"),
            ("learning_rate=1", "does not act"), ("temperature", "KEY=VALUE"),
        ] {
            let bad = script("/set seed=4 \(setting)", "x")
            #expect(bad.errors.contains(reason), "\(setting): \(bad.errors)")
            #expect(bad.requests[0]["params"]?["overrides"] == [], "nothing is set when a part is refused")
        }
    }

    @Test func tokensAndFigures() {
        let run = script("/tokens ab", "hi", "/tokens", "/stats")
        #expect(run.output.hasPrefix("97 98\n[base] hi\n104 105\n"))
        #expect(run.output.contains("tokens per second: 4.0\n"))
        #expect(run.errors == "2 tokens; the whole dialogue in its template was 7\n")
        #expect(script("/stats").exitCode == .usage)
    }

    @Test func commandsOfTunectlWithin() {
        let run = script("/jobs", "/nosuch", "/jbos")
        #expect(run.output.contains("3   queued  train"))
        #expect(run.errors.contains("did you mean `/jobs`?"))
        #expect(run.exitCode == .usage)
    }

    @Test func promptsOfSeveralLines() {
        let run = script("\"\"\"first", "second\"\"\"", "\"\"\"open")
        #expect(run.output == "[base] first\nsecond\n[base] open\n")
    }

    @Test func linesOfJSON() throws {
        let run = script(
            #"{"prompt":"one"}"#, #"{"command":"/set seed=1"}"#, #"{"command":"tokens ab"}"#, "no json",
            #"{"messages":[{"role":"user","content":"alone"}]}"#, #"{"command":"jobs"}"#, #"{"command":"/nosuch"}"#,
            #"{"prompt":"fail"}"#, #"{"prompt":"two"}"#,
            arguments: ["--jsonl", "--model", "m"])
        let lines = try run.lines.map { try JSONValue(parsing: $0) }
        try #require(lines.count == 9)
        #expect(lines[0]["message"]?["content"] == "[base] one")
        #expect(lines[1] == ["done": "seed=1"])
        #expect(lines[2] == ["ids": [97, 98]])
        #expect(lines[3]["error"]?["kind"] == "bad_data")
        #expect(lines[5].array?.first?["id"] == "3")
        #expect(lines[6]["error"]?["kind"] == "bad_data")
        #expect(lines[7]["error"]?["kind"] == "oom")
        #expect(run.exitCode == .tryLater)
        let chats = run.requests.filter { $0["method"] == "chat" }.map { $0["params"] ?? .null }
        #expect(chats.allSatisfy { $0["stream"] == false })
        // Lines with whole dialogues stand alone; prompts go on.
        #expect(chats.map { $0["messages"]?.array?.count } == [1, 1, 3, 3])
    }

    @Test func configurationFilesOfLLaMAFactory() {
        let yaml = "model_name_or_path: base\nadapter_name_or_path: tuned\ntemplate: qwen\ntemperature: 0.5\n"
        let run = TunectlRun(
            ["chat", "chat.yaml", "top_k=3"], input: ["hi"], files: ["chat.yaml": yaml], daemon: Self.echo)
        #expect(run.output == "[tuned] hi\n")
        #expect(run.requests[0]["params"]?["model"] == "base")
        #expect(run.requests[0]["params"]?["overrides"] == ["template=qwen", "temperature=0.5", "top_k=3"])
        #expect(TunectlRun(["chat", "none.yaml"], daemon: Self.echo).exitCode == .noInput)
    }

    @Test(arguments: [("api", 78), ("eval", 78), ("webui", 2), ("webchat", 2), ("env", 2)])
    func foreignSpellingsAreRefusedByName(verb: String, code: Int32) throws {
        guard Commands.named(verb) == nil else { return }
        let run = TunectlRun([verb, "x.yaml"])
        #expect(run.exitCode.rawValue == code)
        #expect(run.errors.contains("`\(verb)`: ") && run.errors.contains("tunectl "))
    }

    @Test func answersCannotMoveTheCursor() {
        let handler: FakeDaemon.Handler = { id, _, _ in
            [FakeDaemon.result(id, ["text": "a\u{1B}[2Jb\n\tc", "finish_reason": "stop"])]
        }
        #expect(
            TunectlRun(["chat", "--model", "m", "x"], terminal: true, daemon: handler).output == "a?[2Jb\n\tc\n")
        #expect(TunectlRun(["chat", "--model", "m", "x"], daemon: handler).output == "a\u{1B}[2Jb\n\tc\n")
    }
}
