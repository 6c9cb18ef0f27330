import Foundation
import ServiceTestSupport
import Testing

/// A service under a user of its own, and callers whose files it may not read. Needs root, to become those users.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ForeignFileTests {
    private static let service = "65534"
    private static let caller = "60001"

    /// A daemon of user 65534 and a home of user 60001 that nobody else may look into.
    private final class Service {
        let daemon: DaemonFixture
        let home: String

        init?() throws {
            guard getuid() == 0, FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv") else {
                print("ForeignFileTests: left out, becoming other users needs root and setpriv")
                return nil
            }
            let seen = try run(
                URL(fileURLWithPath: "/usr/bin/setpriv"),
                [
                    "--reuid", ForeignFileTests.service, "--regid", "65534", "--clear-groups",
                    // Through a shell: setpriv itself still has root's rights when it executes a program.
                    "/bin/bash", "-c", "'\(Checkout.program("tunectl").path)' version",
                ])
            guard seen.status == 0 else {
                print("ForeignFileTests: left out, other users may not look into this checkout")
                return nil
            }
            let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
            home = folder.path + "/home"
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            chown(folder.path, 65534, 65534)
            chmod(folder.path, 0o755)
            for name in ["base", "data"] {
                try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    atPath: Checkout.root.path + "/examples/valley/\(name)", toPath: home + "/\(name)")
            }
            daemon = try DaemonFixture(
                folder: folder,
                launcher: [
                    "/usr/bin/setpriv", "--reuid", ForeignFileTests.service, "--regid", "65534", "--clear-groups",
                ])
            let owned = try run(
                URL(fileURLWithPath: "/bin/bash"),
                ["-c", "chown -R 60001:60001 '\(home)' && chmod -R go= '\(home)'"])
            #expect(owned.status == 0)
        }

        /// tunectl as the caller, who is a member of the socket's group.
        func tunectl(_ arguments: String..., user: String = ForeignFileTests.caller) throws -> Finished {
            try tunectl(list: arguments, user: user)
        }

        func tunectl(list arguments: [String], user: String = ForeignFileTests.caller) throws -> Finished {
            let input = arguments.joined(separator: "' '")
            return try run(
                URL(fileURLWithPath: "/usr/bin/setpriv"),
                [
                    "--reuid", user, "--regid", "65534", "--clear-groups", "/bin/bash", "-c",
                    "cd '\(home)' 2>/dev/null || cd /tmp; '\(Checkout.program("tunectl").path)' '\(input)'",
                ], environment: ["FINETUNED_SOCKET": daemon.socket])
        }

        func recipe(_ extra: [String] = []) throws -> String {
            let path = home + "/recipe.yaml"
            let text = SmallRun.yaml(steps: 3, extra: ["save_steps: 2"] + extra)
                .replacing("\(Checkout.root.path)/examples/valley/base", with: "base")
                .replacing("\(Checkout.root.path)/examples/valley/data", with: "data")
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            chown(path, 60001, 60001)
            chmod(path, 0o600)
            return path
        }

        /// The copies that there are of files that came along.
        func inputs() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/inputs")
        }

        var outputs: String { daemon.state + "/outputs/60001" }
    }

    @Test func aRunReadsTheCallersFilesAndTheCallerFetchesItsOutputs() throws {
        guard let service = try Service() else { return }
        let recipe = try service.recipe(["output_dir: \(service.outputs)/mine"])
        // Looking at it first needs the files too, and leaves nothing behind.
        let checked = try service.tunectl("check", recipe)
        #expect(checked.status == 0 && checked.errors.contains("and so is its data"), "\(checked.errors)")
        let plan = try service.tunectl("plan", recipe)
        #expect(plan.status == 0 && plan.output.contains("peak of its own"), "\(plan.errors)")
        let preview = try service.tunectl("data", "preview", recipe, "--jsonl")
        #expect(preview.status == 0 && preview.output.split(separator: "\n").count == 64, "\(preview.errors)")
        for _ in 0..<100 where !(try service.inputs().isEmpty) { usleep(20_000) }
        #expect(try service.inputs().isEmpty)
        let finished = try service.tunectl("run", recipe)
        #expect(finished.status == 0, "\(finished.output) \(finished.errors)")
        // What was passed is gone with the job.
        #expect(try service.inputs().isEmpty)

        let fetched = try service.tunectl("fetch", "1", "got", "--json")
        #expect(fetched.status == 0, "\(fetched.output) \(fetched.errors)")
        for name in ["adapter_model.safetensors", "trainer_log.jsonl", "checkpoint-2/optimizer.safetensors"] {
            let original = try Data(contentsOf: URL(fileURLWithPath: service.outputs + "/mine/" + name))
            #expect(try Data(contentsOf: URL(fileURLWithPath: service.home + "/got/" + name)) == original)
            var status = stat()
            #expect(stat(service.home + "/got/" + name, &status) == 0 && status.st_uid == 60001)
        }
        let leftovers = try FileManager.default.subpathsOfDirectory(atPath: service.home + "/got")
        #expect(!leftovers.contains { $0.contains(".fetch-") })

        // The adapter names its base as the caller did.
        let adapter = try String(contentsOfFile: service.home + "/got/adapter_config.json", encoding: .utf8)
        #expect(adapter.contains("\"base_model_name_or_path\": \"base\""))

        // Fetching again writes nothing; a changed file is not replaced unless asked.
        let again = try service.tunectl("fetch", "1", "got", "--json")
        #expect(again.output.contains("\"written\":0"), "\(again.output) \(again.errors)")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: service.home + "/got/trainer_log.jsonl"))
        let refused = try service.tunectl("fetch", "1", "got")
        #expect(refused.status == 73 && refused.errors.contains("--force"), "\(refused.errors)")
        #expect(try service.tunectl("fetch", "1", "got", "--force").status == 0)

        // A link in the target is not followed.
        let victim = service.daemon.folder.path + "/victim"
        try Data("untouched".utf8).write(to: URL(fileURLWithPath: victim))
        chmod(victim, 0o666)
        try FileManager.default.createDirectory(atPath: service.home + "/trap", withIntermediateDirectories: true)
        symlink(victim, service.home + "/trap/trainer_log.jsonl")
        symlink(service.daemon.folder.path, service.home + "/trap/checkpoint-2")
        chown(service.home + "/trap", 60001, 60001)
        let trapped = try service.tunectl("fetch", "1", "trap", "--force")
        #expect(trapped.status == 73, "\(trapped.errors)")
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "untouched")

        // Others get nothing.
        for verb in [["fetch", "1", "/tmp/ft-none"], ["rpc", "job.files", "{\"job\":\"1\"}"]] {
            let denied =
                try verb.count == 3 && verb[0] == "rpc"
                ? service.tunectl("rpc", verb[1], verb[2], user: "60002")
                : service.tunectl("fetch", "1", "/tmp/ft-none-\(getpid())", user: "60002")
            #expect(denied.status == 77, "\(denied.errors)")
        }
    }

    @Test func outputsWhereTheServiceMayNotWriteAreRefusedWithBothWaysOut() throws {
        guard let service = try Service() else { return }
        let refused = try service.tunectl("submit", try service.recipe(["output_dir: out"]))
        #expect(refused.status == 77, "\(refused.errors)")
        for part in [
            service.home + "/out", "(uid 65534)", "output_dir=\(service.outputs)/out", "tunectl fetch JOB DIR",
            "systemctl --user start finetuned",
        ] { #expect(refused.errors.contains(part), "\(part) is missing in \(refused.errors)") }
    }

    @Test func aFileThatCannotBePassedIsNamedWithTheUser() throws {
        guard let service = try Service() else { return }
        let info = "{\"valley_questions\": {\"file_name\": \"folder\"}}"
        try FileManager.default.removeItem(atPath: service.home + "/data/dataset_info.json")
        try Data(info.utf8).write(to: URL(fileURLWithPath: service.home + "/data/dataset_info.json"))
        try FileManager.default.createDirectory(
            atPath: service.home + "/data/folder", withIntermediateDirectories: true)
        _ = try run(URL(fileURLWithPath: "/bin/chown"), ["-R", "60001", service.home + "/data"])
        let refused = try service.tunectl(
            "submit", try service.recipe(["output_dir: \(service.outputs)/out"]))
        #expect(refused.status == 77, "\(refused.errors)")
        #expect(refused.errors.contains(service.home + "/data/folder") && refused.errors.contains("(uid 65534)"))
        #expect(refused.errors.contains("systemctl --user start finetuned"))

        // Without descriptors, over the bare protocol, the job says the same of its model.
        let text = SmallRun.yaml(steps: 1, extra: ["output_dir: \(service.outputs)/bare"])
            .replacing("\(Checkout.root.path)/examples/valley/base", with: service.home + "/base")
        let request = try JSONSerialization.data(withJSONObject: ["config": ["text": text, "name": "r.yaml"]])
        let submitted = try service.tunectl("rpc", "job.submit", String(decoding: request, as: UTF8.self))
        #expect(submitted.status == 0, "\(submitted.errors)")
        let watched = try service.tunectl("watch", "1", "--json")
        #expect(watched.status == 1)
        for part in ["\"permission\"", service.home + "/base", "(uid 65534)", "systemctl --user start finetuned"] {
            #expect((watched.output + watched.errors).contains(part), "\(part): \(watched.output)")
        }
    }

    /// What came with a submission is there for every attempt: after a restart, a new try, a fork.
    @Test func passedFilesLastAsLongAsTheirJobNeedsThem() throws {
        guard let service = try Service() else { return }
        func submit(_ output: String, _ more: String...) throws -> String {
            let recipe = try service.recipe()
            let arguments = ["submit", recipe, "output_dir=\(service.outputs)/\(output)"] + more
            let submitted = try service.tunectl(list: arguments)
            #expect(submitted.status == 0, "\(submitted.errors)")
            return submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        func inputs() throws -> Int { try service.inputs().count }
        let first = try submit("first", "max_steps=100000")
        let second = try submit("second")
        #expect(try inputs() == 2)
        service.daemon.stop(SIGKILL)
        // What a submission without an end has left.
        try FileManager.default.createDirectory(
            atPath: service.daemon.state + "/inputs/left", withIntermediateDirectories: true)
        try service.daemon.start()
        chmod(service.daemon.socket, 0o666)
        #expect(try inputs() == 2)
        func step() throws -> Int {
            let shown = try service.tunectl("show", first, "--json").output
            let job = try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any]
            return (job?["checkpoint"] as? [String: Any])?["step"] as? Int ?? 0
        }
        for _ in 0..<500 where try step() == 0 { usleep(20_000) }
        #expect(try service.tunectl("cancel", first).status == 0)
        _ = try service.tunectl("wait", first)
        let waited = try service.tunectl("wait", second, "--json")
        #expect(waited.status == 0, "\(waited.output)\(waited.errors)")
        // It was planned with its files.
        #expect(waited.output.contains("planned_peak_bytes"))
        // Those of a job that succeeded are gone, those of one that did not are kept for another try.
        #expect(try inputs() == 1)
        let forked = try service.tunectl("fork", first, "max_steps=\(try step() + 1)", "--quiet")
        #expect(forked.status == 0, "\(forked.errors)")
        let fork = forked.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let end = try service.tunectl("wait", fork, "--json")
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        #expect(try service.tunectl("requeue", first).status == 0)
        usleep(300_000)
        #expect(try service.tunectl("cancel", first).status == 0)
        _ = try service.tunectl("wait", first)
        #expect(try inputs() == 1)
        #expect(try service.tunectl("rm", first).status == 0)
        #expect(try inputs() == 0)
    }

    @Test func aBatchReadsTheCallersModelAndLines() throws {
        guard let service = try Service() else { return }
        let lines = service.home + "/lines.jsonl"
        try Data("{\"prompt\": \"Ada\"}\n{\"prompt\": \"Bo\"}\n".utf8).write(to: URL(fileURLWithPath: lines))
        let recipe = service.home + "/batch.yaml"
        try Data("model_name_or_path: base\nmax_new_tokens: 2\ndo_sample: false\n".utf8)
            .write(to: URL(fileURLWithPath: recipe))
        for path in [lines, recipe] {
            chown(path, 60001, 60001)
            chmod(path, 0o600)
        }
        let place = service.outputs + "/batch"
        let finished = try service.tunectl(
            "run", recipe, "output_dir=\(place)", "--kind", "generate", "--input", "lines.jsonl")
        #expect(finished.status == 0, "\(finished.output)\(finished.errors)")
        let written = try String(contentsOfFile: place + "/generated.jsonl", encoding: .utf8)
        #expect(written.split(separator: "\n").count == 2 && !written.contains("error"), "\(written)")
    }

    /// The service could read all of this; another user may see none of it, whichever way the path is written.
    @Test func nobodyReadsThroughTheServiceWhatIsAnothersOrItsOwn() throws {
        guard let service = try Service() else { return }
        let recipe = try service.recipe()
        let place = service.outputs + "/run"
        #expect(try service.tunectl("run", recipe, "output_dir=\(place)").status == 0)
        let adapter = place + "/checkpoint-2"
        #expect(FileManager.default.fileExists(atPath: adapter + "/adapter_model.safetensors"))

        // What the other user has: a model, data sets that name foreign files, and links.
        let other = service.daemon.path("other")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        for name in ["base", "data"] {
            try FileManager.default.copyItem(
                atPath: Checkout.root.path + "/examples/valley/\(name)", toPath: other + "/\(name)")
        }
        let files = [
            "log": place + "/trainer_log.jsonl", "store": service.daemon.state + "/jobs.sqlite",
            "figures": service.daemon.state + "/jobs/1/metrics.log", "link": other + "/link.jsonl",
            "up": "../../state/outputs/60001/run/trainer_log.jsonl",
        ]
        let sets = files.mapValues {
            ["file_name": $0, "columns": ["prompt": "loss", "response": "loss"]] as [String: Any]
        }
        try JSONSerialization.data(withJSONObject: sets)
            .write(to: URL(fileURLWithPath: other + "/data/dataset_info.json"))
        symlink(place + "/trainer_log.jsonl", other + "/link.jsonl")
        symlink(place, other + "/adapter")
        let questions = [
            "questions": ["file_name": "questions.json", "columns": ["prompt": "instruction", "response": "output"]]
                as [String: Any]
        ]
        try FileManager.default.createDirectory(atPath: other + "/own", withIntermediateDirectories: true)
        try JSONSerialization.data(withJSONObject: questions)
            .write(to: URL(fileURLWithPath: other + "/own/dataset_info.json"))
        try FileManager.default.copyItem(atPath: other + "/data/questions.json", toPath: other + "/own/questions.json")
        let yaml = SmallRun.yaml(steps: 2)
            .replacing("\(Checkout.root.path)/examples/valley/base", with: other + "/base")
            .replacing("\(Checkout.root.path)/examples/valley/data", with: other + "/own")
            .replacing("valley_questions", with: "questions")
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: other + "/run.yaml"))
        _ = try run(URL(fileURLWithPath: "/bin/chown"), ["-R", "60002:60002", other])

        let mine = service.daemon.state + "/outputs/60002/run"
        func attempt(_ arguments: String...) throws -> Finished { try attempt(arguments) }
        func attempt(_ arguments: [String]) throws -> Finished {
            let input = arguments.joined(separator: "' '")
            return try run(
                URL(fileURLWithPath: "/usr/bin/setpriv"),
                [
                    "--reuid", "60002", "--regid", "65534", "--clear-groups", "/bin/bash", "-c",
                    "cd '\(other)'; '\(Checkout.program("tunectl").path)' '\(input)' < /dev/null",
                ], environment: ["FINETUNED_SOCKET": service.daemon.socket])
        }
        #expect(try attempt("run", "run.yaml", "output_dir=\(mine)").status == 0, "what is one's own can be used")

        for change in [
            "adapter_name_or_path=\(adapter)", "adapter_name_or_path=\(place)", "adapter_name_or_path=\(other)/adapter",
            "adapter_name_or_path=adapter/checkpoint-2", "adapter_name_or_path=job:1",
            "resume_from_checkpoint=\(adapter)",
            "model_name_or_path=\(place)", "dataset_dir=\(service.daemon.state)/jobs/1", "tokenized_path=\(place)",
        ] {
            let refused = try attempt("submit", "run.yaml", "output_dir=\(mine)-2", change)
            #expect(refused.status == 77, "\(change): \(refused.output)\(refused.errors)")
        }
        for (model, adapter) in [
            ("base", adapter), ("base", "adapter"), (place, ""), ("adapter", ""), ("job:1", ""), ("base", "job:1"),
        ] {
            let refused = try attempt("generate", "--model", model, "--adapter", adapter, "Ada")
            #expect(refused.status != 0 && refused.output.isEmpty, "\(model) \(adapter): \(refused.output)")
            #expect(refused.status == 77, "\(model) \(adapter): \(refused.errors)")
        }
        for name in files.keys {
            for verb in [["data", "preview"], ["run"]] {
                let refused = try attempt(
                    verb + ["run.yaml", "dataset_dir=data", "dataset=\(name)", "output_dir=\(mine)-3"])
                #expect(
                    refused.status == 77 && !refused.output.contains("{"),
                    "\(name): \(refused.output)\(refused.errors)")
                #expect(!refused.errors.contains("grad_norm"))
            }
            // tunectl cannot pass them; a client that does not try gets no further.
            let request = try JSONSerialization.data(withJSONObject: [
                "config": ["text": yaml],
                "overrides": ["dataset_dir=\(other)/data", "dataset=\(name)", "output_dir=\(mine)-3"],
            ])
            let submitted = try attempt(["rpc", "job.submit", String(decoding: request, as: UTF8.self), "--json"])
            let job = try JSONSerialization.jsonObject(with: Data(submitted.output.utf8)) as? [String: Any]
            let watched = try attempt(["watch", try #require(job?["id"] as? String), "--json"])
            // What has no data file's name is not even opened.
            let kind = ["store", "figures"].contains(name) ? "bad_data" : "permission"
            #expect(
                watched.status == 1 && watched.output.contains("\"kind\":\"\(kind)\""), "\(name): \(watched.output)")
        }
        #expect(service.daemon.waitForLog("a request was denied user=60002"))
    }

    /// A folder of one's own whose files are links to another's: the files count, not the folder.
    @Test func linksToForeignWeightsAreNotReadForAnybody() throws {
        guard let service = try Service() else { return }
        let recipe = try service.recipe()
        let place = service.outputs + "/run"
        #expect(try service.tunectl("run", recipe, "output_dir=\(place)").status == 0)
        // What the service may read and nobody else: a model with an access list, here by its group.
        let shared = service.daemon.path("shared")
        let other = service.daemon.path("other")
        for folder in [shared, other] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: Checkout.root.path + "/examples/valley/base", toPath: folder + "/base")
        }
        let links = [
            "adapter": (["adapter_config.json", "adapter_model.safetensors"], place),
            "weights": (["model.safetensors"], shared + "/base"),
            "tokenizer": (["tokenizer.json"], shared + "/base"),
        ]
        for (name, (files, target)) in links {
            if name != "adapter" {
                try FileManager.default.copyItem(atPath: other + "/base", toPath: "\(other)/\(name)")
            } else {
                try FileManager.default.createDirectory(
                    atPath: "\(other)/\(name)", withIntermediateDirectories: true)
            }
            for file in files {
                unlink("\(other)/\(name)/\(file)")
                symlink("\(target)/\(file)", "\(other)/\(name)/\(file)")
            }
        }
        let owned = try run(
            URL(fileURLWithPath: "/bin/bash"),
            [
                "-c",
                "chown -R 60001:65534 '\(shared)' && chmod -R u=rwX,g=rX,o= '\(shared)' && chown -R 60002:60002 '\(other)'",
            ])
        #expect(owned.status == 0)
        /// tunectl as somebody who is in none of the groups.
        func attempt(_ user: String, _ arguments: [String]) throws -> Finished {
            try run(
                URL(fileURLWithPath: "/usr/bin/setpriv"),
                [
                    "--reuid", user, "--regid", "60002", "--clear-groups", "/bin/bash", "-c",
                    "cd '\(other)'; '\(Checkout.program("tunectl").path)' '\(arguments.joined(separator: "' '"))' < /dev/null",
                ], environment: ["FINETUNED_SOCKET": service.daemon.socket])
        }
        chmod(service.daemon.socket, 0o666)
        // The owners may, and their worker is nobody else's.
        let few = ["max_new_tokens=2", "do_sample=false"]
        let owner = try attempt(
            "60001", ["generate", "--model", shared + "/base", "--adapter", place, "Ada"] + few)
        #expect(owner.status == 0, "\(owner.errors)")
        #expect(try attempt("60002", ["generate", "--model", "base", "Ada"] + few).status == 0)
        for method in ["generate", "logprobs", "tokenize", "load"] {
            for name in ["adapter", "weights", "tokenizer"] {
                var arguments: [String] = [method, "--model", name == "adapter" ? "base" : name]
                if name == "adapter" { arguments += ["--adapter", "adapter"] }
                if method == "load" { arguments.remove(at: 1) }
                if method != "load" { arguments.append("Ada") }
                if method == "tokenize", name != "tokenizer" { continue }
                if name == "tokenizer", method == "load" { continue }
                let refused = try attempt("60002", arguments)
                #expect(
                    refused.status == 77 && refused.output.isEmpty,
                    "\(arguments): \(refused.status) \(refused.output)\(refused.errors)")
            }
        }
        // Nor is there a way through what is in memory already.
        let named = try attempt("60002", ["generate", "--model", shared + "/base", "Ada"] + few)
        #expect(named.status == 77, "\(named.output)\(named.errors)")
        // As files of a run.
        let yaml = SmallRun.yaml(steps: 2)
            .replacing("\(Checkout.root.path)/examples/valley/base", with: "weights")
            .replacing("\(Checkout.root.path)/examples/valley/data", with: other + "/data")
        try FileManager.default.copyItem(
            atPath: Checkout.root.path + "/examples/valley/data", toPath: other + "/data")
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: other + "/run.yaml"))
        _ = try run(URL(fileURLWithPath: "/bin/chown"), ["-R", "60002:60002", other + "/data", other + "/run.yaml"])
        for verb in ["plan", "run"] {
            let refused = try attempt(
                "60002", [verb, "run.yaml", "output_dir=\(service.daemon.state)/outputs/60002/run"])
            #expect(refused.status == 77, "\(verb): \(refused.output)\(refused.errors)")
        }
        // An adapter of one's own on it, so that it is not the weights that are missed.
        #expect(
            try attempt(
                "60002",
                ["run", "run.yaml", "model_name_or_path=base", "output_dir=\(service.daemon.state)/outputs/60002/run"]
            ).status == 0)
    }

    /// Between the submission, when the place was judged, and its turn, the place of a job's outputs becomes a link.
    @Test func anOutputThatHasBecomeALinkIsNeitherWrittenNorFetched() throws {
        guard let service = try Service() else { return }
        let (place, victim) = (service.daemon.path("shared"), service.daemon.state + "/outputs/60002/run")
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        chmod(place, 0o777)
        try FileManager.default.createDirectory(
            atPath: victim + "/checkpoint-1.tmp-1", withIntermediateDirectories: true)
        for name in ["README.md", "checkpoint-1.tmp-1/weights"] {
            try Data("untouched".utf8).write(to: URL(fileURLWithPath: "\(victim)/\(name)"))
        }
        let owned = try run(
            URL(fileURLWithPath: "/bin/chown"), ["-R", "65534:65534", service.daemon.state + "/outputs"])
        #expect(owned.status == 0)
        let recipe = try service.recipe()
        let (first, second) = ("output_dir=\(service.outputs)/long", "output_dir=\(place)/run")
        #expect(try service.tunectl("submit", recipe, first, "max_steps=100000").status == 0)
        let submitted = try service.tunectl("submit", recipe, second)
        #expect(submitted.status == 0, "\(submitted.errors)")
        symlink(victim, place + "/run")
        let data = try service.tunectl(
            "submit", recipe, "output_dir=\(service.outputs)/data", "tokenized_path=\(place)/saved/run")
        #expect(data.status == 0, "\(data.errors)")
        symlink(service.daemon.state + "/outputs/60002", place + "/saved")
        #expect(try service.tunectl("cancel", "1").status == 0)
        for job in ["2", "3"] {
            let ended = try service.tunectl("watch", job, "--json")
            #expect(ended.status == 1 && ended.output.contains("\"kind\":\"permission\""), "\(ended.output)")
        }
        let left = try FileManager.default.subpathsOfDirectory(atPath: victim).sorted()
        #expect(left == ["README.md", "checkpoint-1.tmp-1", "checkpoint-1.tmp-1/weights"])
        #expect(try String(contentsOfFile: victim + "/README.md", encoding: .utf8) == "untouched")
        for verb in [["fetch", "2", "got"], ["rpc", "job.files", "{\"job\":\"2\"}"]] {
            let refused = try service.tunectl(list: verb)
            #expect(refused.status == 77 && refused.errors.contains("has become a link"), "\(refused.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: service.home + "/got/README.md"))
    }

    /// Rows of hostile places: what is refused, and that nothing was written.
    @Test func hostileOutputPlacesAreRefused() throws {
        guard let service = try Service() else { return }
        let state = service.daemon.state
        let long = String(repeating: "x", count: 300)
        symlink(service.home, service.daemon.folder.path + "/to-home")
        symlink(service.daemon.folder.path + "/nowhere", service.daemon.folder.path + "/dangling")
        let open = service.daemon.folder.path + "/open"
        try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: true)
        chmod(open, 0o777)
        let places: [(String, Int32)] = [
            ("\(state)/outputs/60002/theirs", 77), ("\(state)/outputs/60001/../60002/theirs", 78),
            ("\(state)/jobs", 77), ("\(state)/jobs/1/inputs", 77), ("\(state)/jobs.sqlite", 78), (state, 77),
            ("\(state)/../state/jobs", 77), ("/proc/self/fd", 78), ("/proc/self/fd/3/out", 78),
            ("/proc/self/cwd/o", 78),
            ("/dev/shm/../null", 78), ("/sys/out", 78), ("/etc/out", 77), ("/root/out", 77), ("/", 77),
            ("/etc/passwd", 78), ("/etc/passwd/out", 78), (service.daemon.folder.path + "/to-home/out", 77),
            (service.daemon.folder.path + "/dangling/out", 78), (service.daemon.folder.path + "/stolen", 77),
            (open + "/" + long, 78), (open + String(repeating: "/y", count: 2100), 78), (open + "/new/../../out", 78),
            (open + "/a\u{0}b", 78), ("\(state)/outputs/60001", 0), ("\(state)/outputs/60001/a/b/c", 0),
            (open + "/line\nbreak", 0), (open + "/ spaces ", 0), (open + "/…", 0),
        ]
        /// The exit status of a submission that wants to write there.
        func submit(_ place: String) throws -> Finished {
            let config =
                [
                    "object": [
                        "model_name_or_path": "/none", "do_train": true, "dataset": "d", "template": "xverse",
                        "output_dir": place,
                    ]
                ] as [String: Any]
            let request = try JSONSerialization.data(withJSONObject: ["config": config])
            let parameters = service.daemon.folder.path + "/request.json"
            try request.write(to: URL(fileURLWithPath: parameters))
            chmod(parameters, 0o644)
            return try run(
                URL(fileURLWithPath: "/usr/bin/setpriv"),
                [
                    "--reuid", Self.caller, "--regid", "65534", "--clear-groups", "/bin/bash", "-c",
                    "'\(Checkout.program("tunectl").path)' rpc job.submit \"$(cat '\(parameters)')\"",
                ], environment: ["FINETUNED_SOCKET": service.daemon.socket])
        }
        for (place, expected) in places {
            let answer = try submit(place)
            #expect(answer.status == expected, "\(place.prefix(200).debugDescription): \(answer.errors)")
            #expect(service.daemon.isRunning)
        }
        // The same places under other spellings.
        let targets = [
            "\(state)/jobs/9/x", "\(state)/outputs/60002/x", "\(state)/inputs/x", "\(state)/x", "/etc/x", "/root/x",
            "/proc/x",
            "/sys/x", "/dev/x", "/usr/lib/x", "/boot/x", "\(service.home)/x",
        ]
        let spellings: [(String) -> String] = [
            { "/" + $0 }, { $0 + "/" }, { $0 + "/." }, { $0.replacing("/", with: "//") }, { "/." + $0 },
            { "/tmp/.." + $0 }, { "/proc/self/root" + $0 }, { "/proc/1/root" + $0 }, { open + "/../../.." + $0 },
            { "/proc/\(service.daemon.daemon)/cwd/.." + $0 },
        ]
        for target in targets {
            for spelling in spellings {
                let answer = try submit(spelling(target))
                #expect([77, 78].contains(answer.status), "\(spelling(target)): \(answer.output)\(answer.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: target))
        }
        #expect(!FileManager.default.fileExists(atPath: service.home + "/out"))
        #expect(!FileManager.default.fileExists(atPath: service.daemon.folder.path + "/out"))
        #expect(!FileManager.default.fileExists(atPath: "\(state)/outputs/60002"))
    }
}
