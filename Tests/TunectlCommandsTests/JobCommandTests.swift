import JSONDocuments
import Testing
import TunectlCommands

struct JobCommandTests {
    private static let yaml = "model_name_or_path: m\n"

    @Test func submitPrintsTheIDAlone() throws {
        let run = TunectlRun(["submit", "run.yaml", "seed=1", "--token", "t"], files: ["run.yaml": Self.yaml]) {
            id, _, _ in [FakeDaemon.result(id, ["job": ["id": "42", "state": "queued"]])]
        }
        #expect(run.output == "42\n")
        #expect(run.errors.isEmpty)
        let params = try #require(run.requests.first?["params"])
        #expect(run.requests.first?["method"]?.string == "job.submit")
        #expect(params["config"] == ["text": .string(Self.yaml), "name": "run.yaml"])
        #expect(params["overrides"] == ["seed=1"])
        #expect(params["client_token"]?.string == "t")
        #expect(params["working_directory"]?.string == "/work")
    }

    @Test func submitWithJSONPrintsTheJob() throws {
        let run = TunectlRun(["submit", "run.yaml", "--json"], files: ["run.yaml": Self.yaml]) { id, _, _ in
            [FakeDaemon.result(id, ["id": "42", "state": "queued", "kind": "train"])]
        }
        #expect(try JSONValue(parsing: run.output)["id"]?.string == "42")
        let some = TunectlRun(["submit", "run.yaml", "--json=id,state"], files: ["run.yaml": Self.yaml]) { id, _, _ in
            [FakeDaemon.result(id, ["id": "42", "state": "queued", "kind": "train"])]
        }
        #expect(some.output == "{\"id\":\"42\",\"state\":\"queued\"}\n")
        #expect(TunectlRun(["submit", "none.yaml"]).exitCode.rawValue == 66)
    }

    @Test func listsAreTablesNamesOrJSON() {
        let handler: FakeDaemon.Handler = { id, _, _ in
            [
                FakeDaemon.result(
                    id,
                    [
                        "jobs": [
                            [
                                "id": "1", "state": "succeeded", "kind": "train", "output_dir": "out/a",
                                "submitted_at": "2026-01-02T03:04:05Z",
                            ],
                            [
                                "id": "2", "state": "running", "kind": "train", "output_dir": "b",
                                "submitted_at": "2026-01-02T03:04:06Z", "progress": ["step": 3, "total_steps": 10],
                            ],
                        ]
                    ])
            ]
        }
        #expect(
            TunectlRun(["jobs"], daemon: handler).output == """
                ID  STATE      KIND   PROGRESS  SUBMITTED             OUTPUT
                1   succeeded  train  -         2026-01-02T03:04:05Z  out/a
                2   running    train  3/10      2026-01-02T03:04:06Z  b

                """)
        #expect(TunectlRun(["jobs", "-q"], daemon: handler).output == "1\n2\n")
        #expect(TunectlRun(["jobs", "--json=id"], daemon: handler).output == "[{\"id\":\"1\"},{\"id\":\"2\"}]\n")
        #expect(TunectlRun(["jobs", "-q", "--state", "running"], daemon: handler).output == "2\n")
    }

    private static let watched: FakeDaemon.Handler = { id, _, _ in
        func event(_ seq: Int64, _ fields: JSONObject) -> JSONValue {
            var params: JSONObject = ["request": id, "seq": .integer(seq)]
            for (key, value) in fields { params[key] = value }
            return FakeDaemon.notification("job.event", .object(params))
        }
        return [
            FakeDaemon.notification(
                "job.snapshot", ["request": id, "job": ["id": "9", "state": "queued"], "seq": 0]),
            event(1, ["kind": "state", "state": "running"]),
            FakeDaemon.notification("job.event", ["request": 999, "seq": 1, "kind": "log", "message": "not ours"]),
            event(2, ["kind": "log", "message": "all params: 12"]),
            event(
                3,
                [
                    "kind": "step", "step": 1, "total_steps": 2, "loss": 2.5, "learning_rate": 0.0001, "epoch": 0.5,
                    "tokens_per_second": 1234.4, "seconds_left": 61,
                ]),
            event(4, ["kind": "step", "step": 2, "total_steps": 2, "loss": 1.25, "learning_rate": 0.0, "epoch": 1]),
            event(5, ["kind": "evaluation", "eval_loss": 1.5]),
            FakeDaemon.result(id, ["job": ["id": "9", "state": "succeeded", "output_dir": "out"]]),
        ]
    }

    @Test func watchPrintsPlainLinesElsewhere() {
        let run = TunectlRun(["watch", "9"], daemon: Self.watched)
        #expect(
            run.output == """
                9 running
                all params: 12
                step 1/2 loss 2.500 lr 0.000100 epoch 0.50 1234 tokens/s 1:01 left
                step 2/2 loss 1.250 lr 0 epoch 1.00 1234 tokens/s 1:01 left
                step 2: eval_loss 1.500

                """)
        #expect(run.errors == "job 9 succeeded -> out\n")
        #expect(run.exitCode == .success)
        #expect(run.requests.first?["params"]?["since"] == 0)
    }

    @Test func watchDrawsOnATerminal() {
        let run = TunectlRun(["watch", "9"], terminal: true, daemon: Self.watched)
        let frames = run.output.components(separatedByErase: "\r\u{1B}[2K")
        #expect(frames.contains("9 running"))
        #expect(
            frames.contains { $0.hasPrefix("██████████▌░░░░░░░░░░ 1/2 loss 2.500  1234 tokens/s  1:01 left") })
        #expect(frames.contains { $0.hasPrefix("█████████████████████ 2/2 loss 1.250") && $0.contains("█▁") })
        #expect(frames.allSatisfy { $0.split(separator: "\n").allSatisfy { $0.count < 80 } })
    }

    @Test func watchWithJSONPrintsTheJobOnly() {
        let run = TunectlRun(["watch", "9", "--json"], daemon: Self.watched)
        #expect(run.output == "{\"id\":\"9\",\"state\":\"succeeded\",\"output_dir\":\"out\"}\n")
        let events = TunectlRun(["watch", "9", "--events"], daemon: Self.watched)
        #expect(events.lines.count == 6)
        #expect(events.lines.allSatisfy { $0.hasPrefix("{") })
    }

    @Test func runSubmitsWatchesAndEndsAsTheJob() {
        let run = TunectlRun(["run", "run.yaml"], files: ["run.yaml": Self.yaml]) { id, method, _ in
            if method == "job.submit" {
                return [FakeDaemon.result(id, ["id": "5", "state": "queued", "output_dir": "o"])]
            }
            return [
                FakeDaemon.result(
                    id,
                    [
                        "id": "5", "state": "failed",
                        "error": ["kind": "bad_data", "message": "row 3", "hint": "mend it"],
                    ])
            ]
        }
        #expect(run.exitCode == .jobFailed)
        #expect(run.errors == "job 5 -> o\njob 5 failed: bad_data: row 3\n  hint: mend it\n")
        #expect(run.requests.map { $0["method"]?.string } == ["job.submit", "job.watch"])
    }

    @Test func logs() {
        let run = TunectlRun(["logs", "-f", "3"]) { id, _, params in
            [
                FakeDaemon.notification("$/progress", ["request": id, "value": ["line": "one"]]),
                FakeDaemon.notification("$/progress", ["request": id, "value": "two"]),
                FakeDaemon.result(id, ["lines": params["follow"] == true ? ["three"] : []]),
            ]
        }
        #expect(run.output == "one\ntwo\nthree\n")
    }

    @Test func show() {
        let run = TunectlRun(["show", "3"]) { id, _, _ in
            [FakeDaemon.result(id, ["job": ["id": "3", "error": ["kind": "oom"], "after": nil, "notes": ["a", "b"]]])]
        }
        #expect(run.output == "id:         3\nerror.kind: oom\nnotes:      [\"a\", \"b\"]\n")
    }
}

extension String {
    fileprivate func components(separatedByErase mark: String) -> [String] {
        split(separator: mark, omittingEmptySubsequences: true).map(String.init)
    }
}
