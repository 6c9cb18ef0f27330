import JSONDocuments
import LinuxSystem
import Testing
import TunectlCommands

/// `tunectl pull` and `push`: what is asked of the program that has a network, and where.
struct HubCommandTests {
    static let answers: FakeDaemon.Handler = { id, method, params in
        let name = params["name"]?.string ?? ""
        if method == "hub.push" {
            return [
                FakeDaemon.result(
                    id,
                    [
                        "repository": .string(name), "address": .string("https://hub/\(name)"), "commit": "c0ffee",
                        "files": 3, "changed_files": 2, "transferred_bytes": 10,
                    ])
            ]
        }
        let progress: JSONValue = [
            "phase": "downloading", "files": 3, "files_done": 1, "bytes": 4096, "bytes_done": 1024,
        ]
        return [
            FakeDaemon.notification("$/progress", ["request": id, "value": progress]),
            FakeDaemon.result(
                id,
                [
                    "folder": .string("/cache/\(name)"), "commit": "abc", "files": 3, "bytes": 4096,
                    "transferred_bytes": 4096,
                ]),
        ]
    }

    func run(
        _ arguments: [String], files: [String: String] = [:], terminal: Bool = false,
        environment: [String: String] = [:], hasService: Bool = false, daemon: FakeDaemon.Handler? = nil
    ) -> TunectlRun {
        TunectlRun(
            arguments, files: files, terminal: terminal, environment: environment, hasFetchService: hasService,
            daemon: daemon, fetch: Self.answers)
    }

    @Test func aNameIsPulledAndItsFolderPrinted() {
        let run = run(["pull", "org/name", "--revision", "v1", "--include", "*.json,a/", "--exclude", "b", "--force"])
        #expect(run.exitCode == .success)
        #expect(run.output == "/cache/org/name\n")
        #expect(run.errors.contains("org/name: downloading  25 %  1.0 KiB of 4.0 KiB  1/3 files"))
        #expect(run.transfers.map(\.place) == [.ownProgram])
        #expect(
            run.transfers[0].request["params"] == [
                "hub": "huggingface", "content": "model", "name": "org/name", "revision": "v1",
                "include": ["*.json", "a/"], "exclude": ["b"], "force": true,
            ])
    }

    @Test func aTerminalShowsABar() {
        let run = run(["pull", "org/name"], terminal: true)
        #expect(run.errors.contains("\r\u{1B}[2Korg/name: downloading  ██"))
        #expect(run.output == "/cache/org/name\n")
        for silent in [["--quiet"], []] {
            let run = self.run(
                ["pull", "org/name"] + silent, environment: silent.isEmpty ? ["HF_HUB_DISABLE_PROGRESS_BARS": "1"] : [:]
            )
            #expect(!run.errors.contains("downloading  "))
        }
    }

    @Test func theServicesUnitIsUsedWhereThereIsOne() {
        let environment = ["HF_TOKEN": "hf_mine", "HOME": "/nowhere"]
        let service = run(["pull", "org/name"], environment: environment, hasService: true)
        #expect(service.transfers.map(\.place) == [.service])
        #expect(service.transfers[0].request["params"]?["token"] == "hf_mine")
        // One's own program finds the token itself.
        for arguments in [["--here"], ["--cache-dir", "c"]] {
            let own = run(["pull", "org/name"] + arguments, environment: environment, hasService: true)
            #expect(own.transfers.map(\.place) == [.ownProgram])
            #expect(own.transfers[0].request["params"]?["token"] == nil)
        }
        let place = run(["pull", "org/name", "--cache-dir", "c"]).transfers[0].request["params"]?["cache_dir"]
        #expect(place == "/work/c")
    }

    @Test func theHubIsChosenByNameOrVariable() {
        func hub(_ arguments: [String], _ environment: [String: String]) -> String? {
            run(["pull", "org/name"] + arguments, environment: environment).transfers.first?
                .request["params"]?["hub"]?.string
        }
        #expect(hub([], ["USE_MODELSCOPE_HUB": "1"]) == "modelscope")
        #expect(hub([], ["USE_OPENMIND_HUB": "true"]) == "modelers")
        #expect(hub(["--hub", "huggingface"], ["USE_OPENMIND_HUB": "1"]) == "huggingface")
        let wrong = run(["pull", "org/name", "--hub", "x"])
        #expect(wrong.exitCode == .usage)
        #expect(wrong.transfers.isEmpty)
    }

    static let recipe = """
        model_name_or_path: org/base
        adapter_name_or_path: org/one,job:3,/abs/two
        ref_model: org/reference
        model_revision: v2
        cache_dir: models
        hf_hub_token: hf_inTheFile
        ms_hub_token: ms_inTheFile
        download_mode: force_redownload
        dataset: local,far,both,part
        eval_dataset: far
        dataset_dir: data
        push_to_hub: true
        """
    static let description = """
        {"local": {"file_name": "x.json"}, "far": {"hf_hub_url": "org/rows"},
         "both": {"hf_hub_url": "org/a", "ms_hub_url": "org/b"},
         "part": {"ms_hub_url": "org/c", "folder": "sub"}, "unused": {"hf_hub_url": "org/d"}}
        """

    /// Everything that a run names and that is no folder, from the hub it names it on, with the file's own tokens.
    @Test func aConfigurationIsPulledWhole() {
        let files = ["run.yaml": Self.recipe, "/work/data/dataset_info.json": Self.description]
        let run = run(["pull", "run.yaml", "--json=name"], files: files, hasService: true)
        #expect(run.exitCode == .success)
        let asked = run.transfers.compactMap { $0.request["params"] }
        #expect(
            asked.map { "\($0["hub"]?.string ?? "") \($0["content"]?.string ?? "") \($0["name"]?.string ?? "")" } == [
                "huggingface model org/base", "huggingface model org/one", "huggingface model org/reference",
                "huggingface dataset org/rows", "huggingface dataset org/a", "modelscope dataset org/c",
            ])
        #expect(run.transfers.allSatisfy { $0.place == .ownProgram })
        #expect(asked.allSatisfy { $0["cache_dir"] == "/work/models" })
        #expect(asked.map { $0["revision"]?.string } == ["v2", "v2", "v2", nil, nil, nil])
        #expect(asked.map { $0["force"]?.bool } == [nil, nil, nil, true, true, true])
        #expect(asked[5]["include"] == ["sub/", "README.md"])
        #expect(asked.map { $0["token"]?.string } == Array(repeating: "hf_inTheFile", count: 5) + ["ms_inTheFile"])
        #expect(!(run.output + run.errors).contains("inTheFile"))

        let other = self.run(
            ["pull", "run.yaml", "download_mode=reuse_dataset_if_exists", "model_revision=main"], files: files,
            environment: ["USE_MODELSCOPE_HUB": "1"])
        let hubs = other.transfers.map { $0.request["params"]?["hub"]?.string }
        #expect(hubs == ["modelscope", "modelscope", "modelscope", "huggingface", "modelscope", "modelscope"])
        #expect(other.transfers.allSatisfy { $0.request["params"]?["force"] == nil })
    }

    @Test func aDescriptionMayBeOnAHub() {
        let files = [
            "run.yaml": "dataset: far\ndataset_dir: REMOTE:org/list\n",
            "/cache/org/list/dataset_info.json": Self.description,
        ]
        let run = run(["pull", "run.yaml"], files: files)
        #expect(run.output == "/cache/org/list\n/cache/org/rows\n")
        let online = self.run(["pull", "x.yml"], files: ["x.yml": "dataset: org/x,org/y\ndataset_dir: ONLINE\n"])
        #expect(online.output == "/cache/org/x\n/cache/org/y\n")
    }

    @Test func whatCannotBePulledIsSaid() {
        let unknown = run(
            ["pull", "run.yaml"],
            files: ["run.yaml": "dataset: nothing", "/work/data/dataset_info.json": Self.description])
        #expect(unknown.exitCode == .badData)
        #expect(unknown.errors.contains("`nothing` is not described in /work/data/dataset_info.json"))
        #expect(run(["pull", "run.yaml"], files: ["run.yaml": "nonsense: 1"]).exitCode == .badConfiguration)
        #expect(run(["pull", "org/name", "cache_dir=x"]).exitCode == .usage)
        let failing = TunectlRun(
            ["pull", "org/name"],
            fetch: { id, _, _ in
                [FakeDaemon.error(id, kind: "network", "the hub is away", hint: "later")]
            })
        #expect(failing.exitCode == .unreachable)
        #expect(failing.errors == "tunectl: network: the hub is away\n  hint: later\n")
    }

    /// Every user of a machine sees the arguments of every process.
    @Test(arguments: ["hf_hub_token", "ms_hub_token", "om_hub_token", "hub_token", "swanlab_api_key"])
    func aTokenIsNoArgument(key: String) {
        for command in ["pull", "push", "submit", "check", "run", "plan"] {
            let run = run([command, "run.yaml", "\(key)=hf_secret"], files: ["run.yaml": ""])
            #expect(run.exitCode == .usage)
            #expect(run.errors.contains("can be read by everybody"))
            #expect(!run.errors.contains("hf_secret"))
            #expect(run.transfers.isEmpty)
        }
    }

    @Test func aFolderIsPushed() {
        let run = run([
            "push", "out", "org/new", "--message", "m", "--private", "--revision", "dev", "--dataset", "--exclude", "x",
        ])
        #expect(run.exitCode == .success)
        #expect(run.output == "c0ffee\n")
        #expect(run.errors.contains("2 of 3 files -> https://hub/org/new"))
        #expect(run.transfers.map(\.place) == [.ownProgram])
        #expect(
            run.transfers[0].request["params"] == [
                "hub": "huggingface", "content": "dataset", "name": "org/new", "folder": "/work/out",
                "revision": "dev", "message": "m", "private": true, "exclude": ["x"],
            ])
        #expect(self.run(["push", "out"]).exitCode == .usage)
    }

    @Test func aConfigurationSaysWhatIsPushedWhere() throws {
        func asked(_ text: String, _ more: [String] = []) throws -> JSONValue {
            let run = self.run(["push", "run.yaml"] + more, files: ["run.yaml": text], hasService: true)
            #expect(run.transfers.map(\.place) == [.ownProgram])
            return try #require(run.transfers.first?.request["params"])
        }
        let export = try asked("export_dir: merged\nexport_hub_model_id: org/m\nhf_hub_token: hf_t\n")
        #expect(export["folder"] == "/work/merged")
        #expect(export["name"] == "org/m")
        #expect(export["token"] == "hf_t")
        #expect(export["exclude"] == [])
        let training = try asked(
            "output_dir: out\nhub_model_id: name\nhub_token: hf_u\nhf_hub_token: hf_t\nhub_private_repo: true\n"
                + "hub_revision: dev\nhub_strategy: end\n")
        #expect(training["folder"] == "/work/out")
        #expect(training["name"] == "name")
        #expect(training["token"] == "hf_u")
        #expect(training["private"] == true)
        #expect(training["revision"] == "dev")
        #expect(training["exclude"] == ["checkpoint-*/*"])
        #expect(try asked("output_dir: out\nhub_model_id: name\n", ["other/name"])["name"] == "other/name")
        #expect(try asked("om_hub_token: om_t\nhub_model_id: a/b\n", ["--hub", "modelers"])["token"] == "om_t")
        let nameless = self.run(["push", "run.yaml"], files: ["run.yaml": "output_dir: out"])
        #expect(nameless.exitCode == .badConfiguration)
        #expect(nameless.errors.contains("hub_model_id"))
    }

    @Test func aJobsOutputIsPushed() {
        let daemon: FakeDaemon.Handler = { id, _, _ in
            [FakeDaemon.result(id, ["id": "7", "output_dir": "tmp", "working_directory": "/"])]
        }
        let run = run(["push", "job:7", "org/new"], daemon: daemon)
        #expect(run.transfers.first?.request["params"]?["folder"] == "/tmp")
        #expect(run.transfers.first?.request["params"]?["exclude"] == ["checkpoint-*/*"])
        let gone = self.run(["push", "job:7", "org/new"]) { id, _, _ in
            [FakeDaemon.result(id, ["id": "7", "output_dir": "/nowhere/at/all"])]
        }
        #expect(gone.exitCode == .noInput)
        #expect(gone.errors.contains("tunectl fetch 7 DIR"))
    }
}
