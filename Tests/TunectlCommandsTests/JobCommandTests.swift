import JSONDocuments
import Synchronization
import Testing
import TunectlCommands

struct JobCommandTests {
    private static let yaml = "model_name_or_path: m\n"

    @Test func submitPrintsTheIDAlone() throws {
        let run = TunectlRun(["submit", "run.yaml", "seed=1", "--token", "t"], files: ["run.yaml": Self.yaml]) {
            id, _, _ in [FakeDaemon.result(id, ["id": "42", "state": "queued"])]
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
        #expect(TunectlRun(["jobs", "-q", "--state", "nonsense"], daemon: handler).exitCode == .usage)
        let filtered = TunectlRun(["jobs", "--state", "running,queued"], daemon: handler)
        #expect(filtered.requests[0]["params"]?["states"] == ["running", "queued"])
    }

    private static let watched: FakeDaemon.Handler = { id, _, _ in
        func event(_ seq: Int64, _ kind: String, _ fields: JSONValue, request: JSONValue? = nil) -> JSONValue {
            FakeDaemon.notification(
                "job.event",
                [
                    "request": request ?? id, "job": "9", "seq": .integer(seq), "kind": .string(kind),
                    "at": "2026-01-02T03:04:05.000Z", "fields": fields,
                ])
        }
        return [
            FakeDaemon.notification(
                "job.snapshot", ["request": id, "job": ["id": "9", "state": "queued"], "seq": 0]),
            event(1, "state", ["state": "running"]),
            event(1, "note", ["message": "not ours"], request: 999),
            event(2, "phase", ["phase": "loading"]),
            event(3, "note", ["message": "all params: 12"]),
            event(
                4, "progress",
                [
                    "phase": "training", "step": 1, "total_steps": 2, "loss": 2.5, "learning_rate": 0.0001,
                    "epoch": 0.5, "tokens_per_second": 1234.4, "remaining": 61,
                ]),
            event(5, "progress", ["step": 2, "total_steps": 2, "loss": 1.25, "learning_rate": 0.0, "epoch": 1]),
            event(6, "evaluation", ["eval_loss": 1.5]),
            event(7, "checkpoint", ["step": 2, "path": "out/checkpoint-2"]),
            FakeDaemon.result(id, ["id": "9", "state": "succeeded", "output_dir": "out"]),
        ]
    }

    @Test func watchPrintsPlainLinesElsewhere() {
        let run = TunectlRun(["watch", "9"], daemon: Self.watched)
        #expect(
            run.output == """
                9 running
                loading
                all params: 12
                step 1/2 loss 2.500 lr 0.000100 epoch 0.50 1234 tokens/s 1:01 left
                step 2/2 loss 1.250 lr 0 epoch 1.00 1234 tokens/s 1:01 left
                evaluation: eval_loss 1.500
                checkpoint at step 2: out/checkpoint-2

                """)
        #expect(run.errors == "job 9 succeeded -> out\n")
        #expect(run.exitCode == .success)
        #expect(run.requests.first?["params"]?["since"] == 0)
    }

    @Test func watchDrawsOnATerminal() {
        let run = TunectlRun(["watch", "9"], terminal: true, daemon: Self.watched)
        let frames = run.output.components(separatedByErase: "\r\u{1B}[2K")
        #expect(frames.contains("9 running: loading"))
        #expect(
            frames.contains { $0.hasPrefix("██████████▌░░░░░░░░░░ 1/2 loss 2.500  1234 tokens/s  1:01 left") })
        #expect(frames.contains { $0.hasPrefix("█████████████████████ 2/2 loss 1.250") && $0.contains("█▁") })
        #expect(frames.allSatisfy { $0.split(separator: "\n").allSatisfy { $0.count < 80 } })
    }

    @Test func watchWithJSONPrintsTheJobOnly() {
        let run = TunectlRun(["watch", "9", "--json"], daemon: Self.watched)
        #expect(run.output == "{\"id\":\"9\",\"state\":\"succeeded\",\"output_dir\":\"out\"}\n")
        let events = TunectlRun(["watch", "9", "--events"], daemon: Self.watched)
        #expect(events.lines.count == 8)
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

    @Test(arguments: [["logs", "3"], ["logs", "3", "-f"]])
    func logs(arguments: [String]) {
        let follows = arguments.count == 3
        let daemon = LogDaemon()
        let run = TunectlRun(arguments) { id, _, params in
            [FakeDaemon.result(id, daemon.answer(from: params["offset"]?.integer ?? 0))]
        }
        #expect(run.output == (follows ? "one\ntwo\nthree\n" : "one\ntwo\n"))
        #expect(run.exitCode == .success)
    }

    @Test func verbsActOnEachJobAndTheWorstDecides() {
        let handler: FakeDaemon.Handler = { id, method, params in
            let job = params["job"]?.string ?? "?"
            if job == "2" { return [FakeDaemon.error(id, kind: "conflict", "job 2 has ended")] }
            return [
                FakeDaemon.result(
                    id, ["id": .string(job), "state": "running", "wish": method == "job.pause" ? "pause" : .null])
            ]
        }
        let run = TunectlRun(["pause", "1", "2", "3"], daemon: handler)
        #expect(run.requests.map { $0["method"]?.string } == ["job.pause", "job.pause", "job.pause"])
        #expect(
            run.errors == """
                tunectl: conflict: job 2 has ended
                job 1: running, is being paused
                job 3: running, is being paused

                """)
        #expect(run.exitCode.rawValue == 73)
        let priority = TunectlRun(["priority", "-4", "1"], daemon: handler)
        #expect(priority.exitCode == .success)
        #expect(priority.requests.first?["params"] == ["job": "1", "priority": -4])
        #expect(TunectlRun(["priority", "high", "1"], daemon: handler).exitCode == .usage)
        #expect(TunectlRun(["requeue", "1", "--json=id"], daemon: handler).output == "[{\"id\":\"1\"}]\n")
        let removed = TunectlRun(["rm", "1", "--purge"], daemon: handler)
        #expect(removed.requests.first?["params"] == ["job": "1", "purge": true])
    }

    @Test(arguments: [("succeeded", 0), ("failed", 1), ("cancelled", 3)] as [(String, Int32)])
    func waitEndsAsTheWorst(state: String, code: Int32) {
        let run = TunectlRun(["wait", "1", "2", "--timeout", "1.5"]) { id, _, _ in
            [
                FakeDaemon.result(
                    id, ["jobs": [["id": "1", "state": "succeeded"], ["id": "2", "state": .string(state)]]])
            ]
        }
        #expect(run.exitCode.rawValue == code)
        let parameters = run.requests.first?["params"]
        #expect(parameters?["jobs"] == ["1", "2"])
        // What is left of the time given.
        #expect((0...1.5).contains(parameters?["timeout"]?.double ?? -1))
        let late = TunectlRun(["wait", "1"]) { id, _, _ in [FakeDaemon.error(id, kind: "timeout", "not ended")] }
        #expect(late.exitCode.rawValue == 124)
    }

    @Test func checkpointAndForkPrintWhatTheyMade() {
        let saved = TunectlRun(["checkpoint", "4"]) { id, _, _ in
            [FakeDaemon.result(id, ["step": 8, "path": "/o/checkpoint-8"])]
        }
        #expect(saved.output == "/o/checkpoint-8\n")
        let forked = TunectlRun(["fork", "4", "--at", "8", "learning_rate=1e-4", "--token", "t"]) { id, _, _ in
            [FakeDaemon.result(id, ["id": "5", "state": "queued", "output_dir": "o-at-8"])]
        }
        #expect(forked.output == "5\n" && forked.errors == "job 5 -> o-at-8\n")
        #expect(
            forked.requests.first?["params"]
                == ["job": "4", "at": 8, "overrides": ["learning_rate=1e-4"], "client_token": "t"])
    }

    @Test func placesInTheQueueAreShown() {
        let run = TunectlRun(["jobs", "--kind", "train", "--limit", "3"]) { id, _, _ in
            let common: JSONObject = ["kind": "train", "output_dir": "o", "submitted_at": "T"]
            let more: [JSONObject] = [
                ["id": "1", "state": "queued", "queue": ["position": 2, "starts_in": 61]],
                ["id": "2", "state": "waiting", "after": ["1", "5"]],
            ]
            let jobs = more.map { job in
                JSONValue.object(JSONObject((Array(job) + Array(common)).map { ($0.key, $0.value) }))
            }
            return [FakeDaemon.result(id, ["jobs": .array(jobs)])]
        }
        #expect(run.output.contains("next 2, in 1:01") && run.output.contains("after 1,5"))
        #expect(run.requests.first?["params"] == ["limit": 3, "kinds": ["train"]])
    }

    @Test func show() {
        let run = TunectlRun(["show", "3"]) { id, _, _ in
            [FakeDaemon.result(id, ["id": "3", "error": ["kind": "oom"], "metrics": .null, "notes": ["a", "b"]])]
        }
        #expect(run.output == "id:         3\nerror.kind: oom\nnotes:      [\"a\", \"b\"]\n")
    }
}

extension String {
    fileprivate func components(separatedByErase mark: String) -> [String] {
        split(separator: mark, omittingEmptySubsequences: true).map(String.init)
    }
}

/// A log that has two lines, then nothing new for one call, then a third line and its end.
private final class LogDaemon: Sendable {
    private let calls = Atomic(0)

    func answer(from offset: Int64) -> JSONValue {
        let call = calls.wrappingAdd(1, ordering: .relaxed).oldValue
        let text = call < 2 ? "one\ntwo\n" : "one\ntwo\nthree\n"
        return [
            "text": .string(String(text.dropFirst(Int(offset)))), "next_offset": .integer(Int64(text.utf8.count)),
            "complete": .bool(call >= 2),
        ]
    }
}
