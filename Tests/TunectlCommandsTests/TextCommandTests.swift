import JSONDocuments
import Testing
import TunectlCommands

struct TextCommandTests {
    private static let streaming: FakeDaemon.Handler = { id, _, _ in
        [
            FakeDaemon.notification("$/progress", ["request": id, "value": ["text": "Hel"]]),
            FakeDaemon.notification("$/progress", ["request": id, "value": ["text": "lo"]]),
            FakeDaemon.result(id, ["ids": [1, 2], "text": "Hello", "finish_reason": "stop"]),
        ]
    }

    @Test func generateStreams() {
        let run = TunectlRun(["generate", "--model", "m", "Say", "hi", "seed=3"], daemon: Self.streaming)
        #expect(run.output == "Hello\n")
        #expect(run.requests[0]["params"]?["prompt"]?.string == "Say hi")
        #expect(run.requests[0]["params"]?["overrides"] == ["seed=3"])
        let json = TunectlRun(["generate", "--model", "m", "--json"], input: ["a", "b"], daemon: Self.streaming)
        #expect(json.output == "{\"ids\":[1,2],\"text\":\"Hello\",\"finish_reason\":\"stop\"}\n")
        #expect(json.requests[0]["params"]?["prompt"]?.string == "a\nb")
        #expect(TunectlRun(["generate", "x"], daemon: Self.streaming).exitCode == .usage)
    }

    @Test func pipedChatKeepsTheHistory() {
        let run = TunectlRun(
            ["chat", "--model", "m", "template=qwen"], input: ["one", "", "two"], daemon: Self.streaming)
        #expect(run.output == "Hello\nHello\n")
        #expect(run.errors.isEmpty)
        #expect(
            run.requests[1]["params"]?["messages"] == [
                ["role": "user", "content": "one"], ["role": "assistant", "content": "Hello"],
                ["role": "user", "content": "two"],
            ])
    }

    @Test func terminalChatKnowsCommands() {
        let run = TunectlRun(
            ["chat", "--model", "m"],
            input: ["one", "/clear", "/system be brief", "two", "/help", "/quit", "never sent"],
            inputIsTerminal: true, daemon: Self.streaming)
        #expect(run.exitCode == .success)
        #expect(run.requests.count == 2)
        #expect(
            run.requests[1]["params"]?["messages"] == [
                ["role": "system", "content": "be brief"], ["role": "user", "content": "two"],
            ])
        #expect(run.errors.contains("> "))
    }

    @Test func anAnswerThatFailsDoesNotEndTheConversation() {
        let run = TunectlRun(["chat", "--model", "m"], input: ["one", "two"], inputIsTerminal: true) { id, _, params in
            (params["messages"]?.array ?? []).last?["content"] == "one"
                ? [FakeDaemon.error(id, kind: "busy", "later")] : [FakeDaemon.result(id, ["text": "yes"])]
        }
        #expect(run.output == "yes\n")
        #expect(run.errors.contains("tunectl: busy: later"))
        #expect(run.exitCode == .success)
    }

    @Test func tokensAsText() {
        let run = TunectlRun(["tokenize", "--model", "m", "a b"]) { id, _, _ in
            [FakeDaemon.result(id, ["ids": [5, 6]])]
        }
        #expect(run.output == "5 6\n")
        let back = TunectlRun(["detokenize", "--model", "m", "5", "6"]) { id, _, params in
            [FakeDaemon.result(id, ["text": .string("\(params["ids"] ?? .null)")])]
        }
        #expect(back.output == "[5,6]\n")
        let logs = TunectlRun(["logprobs", "--model", "m", "x"]) { id, _, _ in
            [FakeDaemon.result(id, ["ids": [5, 6, 7], "token_logprobs": [-0.25, -1.5]])]
        }
        #expect(logs.output == "6\t-0.250000\n7\t-1.500000\n")
    }

    @Test func models() {
        let handler: FakeDaemon.Handler = { id, method, _ in
            let model: JSONValue = [
                "model": "/m", "weights_loaded": true, "worker": 3, "requests_in_flight": 0,
                "last_used_at": "2026-01-02T03:04:05Z", "resident_bytes": 1_572_864, "anonymous_bytes": 524_288,
                "shared_bytes": 1_048_576, "keep_alive": "forever", "adapters": ["/a"],
            ]
            return [FakeDaemon.result(id, method == "model.list" ? ["models": [model]] : model)]
        }
        #expect(
            TunectlRun(["models"], daemon: handler).output == """
                MODEL  HOLDS    MEMORY               LAST USED             EXPIRES  ADAPTERS
                /m     weights  512.0 KiB + 1.0 MiB  2026-01-02T03:04:05Z  never    /a

                """)
        let load = TunectlRun(["load", "m", "--adapter", "a", "--keep-alive", "10m"], daemon: handler)
        #expect(load.output == "/m\n")
        #expect(
            load.requests[0]["params"] == [
                "model": "m", "adapter": "a", "working_directory": "/work", "keep_alive": "10m",
            ])
        #expect(TunectlRun(["unload", "m"], daemon: handler).errors == "unloaded m\n")
    }

    @Test func adapters() {
        let adapter: JSONValue = ["adapter": "/a", "model": "/m", "rank": 8, "modules": 168, "bytes": 17_301_504]
        let handler: FakeDaemon.Handler = { id, method, _ in
            [FakeDaemon.result(id, method == "adapter.list" ? ["adapters": [adapter]] : adapter)]
        }
        let list = TunectlRun(["adapters", "m"], daemon: handler)
        #expect(
            list.output == """
                ADAPTER  MODEL  RANK  LAYERS  MEMORY
                /a       /m     8     168     16.5 MiB

                """)
        #expect(list.requests[0]["params"] == ["model": "m", "working_directory": "/work"])
        let unload = TunectlRun(["unload", "m", "--adapter", "a"], daemon: handler)
        #expect(unload.errors == "unloaded a\n" && unload.requests[0]["method"] == "adapter.unload")
    }
}
