import JSONDocuments
import Testing
import TunectlCommands

struct ScoreCommandTests {
    private static let scoring: FakeDaemon.Handler = { id, _, params in
        [FakeDaemon.result(id, ["score": params["messages"] == nil ? 0.25 : -1.5])]
    }

    @Test func aTextIsScored() {
        let run = TunectlRun(["score", "--model", "m", "--adapter", "a", "Good", "answer"], daemon: Self.scoring)
        #expect(run.output == "0.250000\n")
        #expect(run.requests[0]["method"] == "score" && run.requests[0]["params"]?["text"] == "Good answer")
        #expect(run.requests[0]["params"]?["adapter"] == "a" && run.requests[0]["params"]?["special_tokens"] == true)
        let json = TunectlRun(["score", "--model", "m", "--json", "--no-special-tokens", "x"], daemon: Self.scoring)
        #expect(json.output == "{\"score\":0.25}\n" && json.requests[0]["params"]?["special_tokens"] == false)
        #expect(TunectlRun(["score", "x"], daemon: Self.scoring).exitCode == .usage)
    }

    @Test func eachLineGivesOne() {
        let run = TunectlRun(
            ["score", "--model", "m", "--jsonl", "template=qwen"],
            input: [
                #"{"ids":[1,2]}"#, #"{"text":"a"}"#, #"{"text":"a","ids":[1]}"#,
                #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#,
            ], daemon: Self.scoring)
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 4 && lines[0] == #"{"score":0.25}"# && lines[3] == #"{"score":-1.5}"#)
        #expect(lines[2].contains("\"error\"") && run.exitCode.rawValue == 65)
        #expect(run.requests.last?["params"]?["overrides"] == ["template=qwen"])
    }
}
