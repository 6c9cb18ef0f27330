import JSONDocuments
import RunConfiguration
import Testing
import TunectlCommands

struct LocalCommandTests {
    private static let valid = "model_name_or_path: m\ndo_train: true\ndataset: d\ntemplate: t\nuse_cpu: true\n"

    @Test func checkNeedsNoDaemon() {
        let run = TunectlRun(["check", "run.yaml"], files: ["run.yaml": Self.valid])
        #expect(run.exitCode == .success)
        #expect(run.output.hasPrefix("note: `use_cpu: true` changes nothing here: "))
        #expect(run.errors == "run.yaml is valid\n")
    }

    @Test func checkTellsWhatTheDaemonSaysOfTheData() throws {
        let look: FakeDaemon.Handler = { id, _, _ in
            [
                FakeDaemon.result(
                    id, ["items": 3, "notes": [], "warnings": ["training data: 2 rows repeat"], "parts": []])
            ]
        }
        let run = TunectlRun(["check", "run.yaml"], files: ["run.yaml": Self.valid], daemon: look)
        #expect(run.exitCode == .success)
        #expect(run.output.hasSuffix("warning: training data: 2 rows repeat\n"))
        #expect(run.errors == "run.yaml is valid, and so is its data\n")
        let request = try #require(run.requests.first)
        #expect(request["method"] == "dataset.preview")
        #expect(request["params"]?["format"] == "none" && request["params"]?["check_model"] == true)
        let left = TunectlRun(["check", "run.yaml", "--no-data"], files: ["run.yaml": Self.valid], daemon: look)
        #expect(left.requests.isEmpty && left.exitCode == .success)
        let bad = TunectlRun(["check", "run.yaml"], files: ["run.yaml": Self.valid]) { id, _, _ in
            [FakeDaemon.error(id, kind: "bad_data", "row 7 is broken")]
        }
        #expect(bad.exitCode.rawValue == 65)
        #expect(bad.errors.contains("row 7 is broken"))
    }

    @Test func dataPreviewAsksForItems() throws {
        let answer: FakeDaemon.Handler = { id, _, _ in
            [FakeDaemon.result(id, ["items": 1, "notes": ["dataset d: 1 rows"], "warnings": [], "parts": []])]
        }
        let lines = TunectlRun(
            ["data", "preview", "run.yaml", "--jsonl", "--split", "eval", "--row=2", "seed=3"],
            files: ["run.yaml": Self.valid], daemon: answer)
        #expect(lines.exitCode == .success)
        #expect(lines.errors == "dataset d: 1 rows\n" && lines.output.isEmpty)
        let parameters = try #require(lines.requests.first?["params"])
        #expect(parameters["format"] == "jsonl" && parameters["split"] == "eval" && parameters["row"] == 2)
        #expect(parameters["overrides"]?[0] == "seed=3" && parameters["working_directory"] == "/work")
        let figures = TunectlRun(
            ["data", "preview", "run.yaml", "--json"], files: ["run.yaml": Self.valid], daemon: answer)
        #expect(try JSONValue(parsing: figures.output)["items"] == 1)
        for wrong in [
            ["data", "show", "run.yaml"], ["data", "preview", "run.yaml", "--row", "0"],
            ["data", "preview", "run.yaml", "--split", "test"], ["data", "preview"],
        ] {
            #expect(TunectlRun(wrong, files: ["run.yaml": Self.valid], daemon: answer).exitCode == .usage)
        }
    }

    @Test func checkTellsEveryProblem() throws {
        let text = Self.valid + "lora_rnak: 3\nlora_dropout: 2\nuse_galore: true\n"
        let run = TunectlRun(["check", "run.yaml", "seed=x"], files: ["run.yaml": text])
        #expect(run.exitCode.rawValue == 78)
        #expect(
            run.errors.contains(
                "error: run.yaml:6:1: there is no parameter `lora_rnak` (did you mean `lora_rank`?)\n"))
        #expect(run.errors.contains("error: run.yaml:7:15: `lora_dropout` must be"))
        #expect(run.errors.contains("error: override 1: `seed` takes an integer"))
        #expect(run.errors.hasSuffix("run.yaml: 4 problems\n"))

        let json = try JSONValue(
            parsing: TunectlRun(["check", "run.yaml", "--json"], files: ["run.yaml": text]).output)
        #expect(json["valid"] == .bool(false))
        let first = try #require(json["errors"]?.array?.first)
        #expect(first["kind"]?.string == "bad_config")
        #expect(first["parameter"]?.string == "lora_rnak")
        #expect(first["line"]?.integer == 6)
        #expect(first["column"]?.integer == 1)
    }

    @Test func checkReadsStandardInputAndInferenceFiles() {
        let run = TunectlRun(["check", "-", "--inference"], input: ["model_name_or_path: m"])
        #expect(run.exitCode == .success)
        #expect(TunectlRun(["check", "none.yaml"]).exitCode.rawValue == 66)
    }

    @Test func params() throws {
        let listing = try JSONValue(parsing: TunectlRun(["params", "--json"]).output).array ?? []
        #expect(listing.count == Parameters.all.count)
        let rank = try #require(listing.first { $0["name"]?.string == "lora_rank" })
        #expect(rank["default"] == 8)
        #expect(rank["type"]?.string == "int")
        #expect(TunectlRun(["params", "lora_rank"]).output.hasPrefix("lora_rank: int, default 8\n  Rank of"))
        let unknown = TunectlRun(["params", "lora_rnk"])
        #expect(unknown.exitCode.rawValue == 66)
        #expect(unknown.errors.contains("did you mean `lora_rank`?"))
    }

    @Test func version() {
        #expect(TunectlRun(["version"]).output == "tunectl \(Command.clientVersion)\n")
        #expect(TunectlRun(["--version"]).output == "tunectl \(Command.clientVersion)\n")
        #expect(TunectlRun(["--version", "jobs"]).exitCode == .usage)
        #expect(TunectlRun(["version", "--json=version"]).output == "{\"version\":\"\(Command.clientVersion)\"}\n")
    }

    @Test func rpc() {
        let run = TunectlRun(["rpc", "job.list", "{\"a\": 1}"]) { id, method, params in
            [
                FakeDaemon.notification("$/progress", ["request": id, "value": 1]),
                FakeDaemon.result(id, ["method": .string(method), "params": params]),
            ]
        }
        #expect(run.lines.last == "{\"method\":\"job.list\",\"params\":{\"a\":1}}")
        #expect(run.lines.count == 2)
        #expect(TunectlRun(["rpc", "x", "{"]).exitCode == .usage)
        #expect(TunectlRun(["rpc", "x", "3"]).exitCode == .usage)
    }

    @Test func doctorComparesVersions() {
        let run = TunectlRun(["doctor"]) { id, _, _ in
            [
                FakeDaemon.result(
                    id,
                    [
                        "version": "9.9", "process": 12, "vector_instructions": "avx512", "matrix_tiles": true,
                        "cores": 2,
                        "openblas_core_type": "SkylakeX", "memory_bytes": 1024, "memory_control": "watch",
                        "memory_control_reason": "none is mounted", "memory_budget_bytes": 512,
                        "state_dir": "/s", "jobs": ["failed": 1],
                    ])
            ]
        }
        #expect(
            run.output == """
                CHECK           RESULT  DETAIL
                daemon          ok      version 9.9, process 12
                versions        warn    the client is \(Command.clientVersion), the daemon 9.9
                kernels         ok      avx512 with AMX tiles, 2 cores
                openblas        ok      core type SkylakeX
                memory          warn    1.0 KiB, jobs and models may hold 512 B; little for a language model
                memory control  ok      the daemon watches its workers; no control groups: none is mounted
                state           ok      /s
                jobs            warn    1 failed; see tunectl jobs --state failed

                """)
        #expect(run.exitCode == .success)
        #expect(TunectlRun(["doctor"]).exitCode.rawValue == 69)
    }
}
