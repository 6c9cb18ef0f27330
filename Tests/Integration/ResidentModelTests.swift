import Foundation
import ServiceTestSupport
import Testing

/// A tunectl that runs while the test goes on.
private final class BackgroundCommand {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()

    init(_ daemon: DaemonFixture, _ arguments: [String]) throws {
        process.executableURL = Checkout.program("tunectl")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["FINETUNED_SOCKET": daemon.socket]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
    }

    deinit { stop() }

    /// Waits for the first bytes of its output.
    func firstOutput() -> Data { output.fileHandleForReading.availableData }

    func stop() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Waits for the end.
    func finish() -> (status: Int32, errors: String) {
        _ = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct ResidentModelTests {
    let base = Checkout.root.path + "/examples/valley/base"
    /// A continuation that streams for a long time.
    var endless: [String] {
        ["generate", "--model", base, "Where", "ignore_eos=true", "max_new_tokens=100000", "do_sample=false"]
    }

    private func json(_ daemon: DaemonFixture, _ arguments: String...) throws -> Any {
        let finished = try run(
            Checkout.program("tunectl"), arguments + ["--json"], environment: ["FINETUNED_SOCKET": daemon.socket])
        #expect(finished.status == 0, "\(arguments): \(finished.errors)")
        return try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
    }

    private func models(_ daemon: DaemonFixture) throws -> [[String: Any]] {
        try json(daemon, "models") as? [[String: Any]] ?? []
    }

    private func waitUntil(_ seconds: Double = 60, _ condition: () throws -> Bool) throws -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            if try condition() { return true }
            usleep(50_000)
        }
        return try condition()
    }

    @Test func modelsStayAsLongAsTheyAreToldTo() throws {
        let daemon = try DaemonFixture()
        #expect(try daemon.tunectl("load", base, "--keep-alive", "forever").status == 0)
        var model = try #require(try models(daemon).first)
        #expect(model["expires_at"] == nil && model["keep_alive"] as? String == "forever")
        let own = try #require(model["anonymous_bytes"] as? Int)
        let shared = try #require(model["shared_bytes"] as? Int)
        #expect(own > 0 && shared > 0 && own + shared == model["resident_bytes"] as? Int)
        let generated = try daemon.tunectl(
            "generate", "--model", base, "--keep-alive", "10m", "Hello", "max_new_tokens=2")
        #expect(generated.status == 0, "\(generated.errors)")
        model = try #require(try models(daemon).first)
        #expect(model["keep_alive"] as? String == "10m" && (model["expires_at"] as? String)?.hasSuffix("Z") == true)
        #expect(try daemon.tunectl("generate", "--model", base, "--keep-alive", "soon", "Hello").status == 2)
        #expect(
            try daemon.tunectl("generate", "--model", base, "--keep-alive=0", "Hello", "max_new_tokens=2").status == 0)
        #expect(try waitUntil(10) { try models(daemon).isEmpty && daemon.workers().isEmpty })
        #expect(try daemon.tunectl("unload", base).status != 0)
    }

    /// With other settings it is another model; what the model is not read by is refused.
    @Test func eachCombinationOfSettingsIsAModel() throws {
        let daemon = try DaemonFixture()
        #expect(try daemon.tunectl("load", base).status == 0)
        #expect(try daemon.tunectl("load", base, "infer_dtype=float32").status == 0)
        #expect(
            try daemon.tunectl("logprobs", "--model", base, "infer_dtype=auto", "infer_dtype=float32", "Hello").status
                == 0)
        let settings = try models(daemon).map { $0["settings"] as? [String] }
        #expect(settings == [nil, ["infer_dtype=float32"]])
        let wrong = try daemon.tunectl("load", base, "infer_dtype=float9")
        #expect(wrong.status == 78 && wrong.errors.contains("infer_dtype"), "\(wrong.errors)")
        let foreign = try daemon.tunectl("logprobs", "--model", base, "temperature=1", "Hello")
        #expect(foreign.status == 78 && foreign.errors.contains("does not act on logprobs"), "\(foreign.errors)")
        #expect(try daemon.tunectl("unload", base).status == 0)
        #expect(try models(daemon).isEmpty)
    }

    @Test func theDefaultAndTheBudgetComeFromTheFile() throws {
        let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
        let others = ["one", "two"].map { folder.appendingPathComponent($0) }
        for other in others {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: URL(fileURLWithPath: base), to: other)
        }
        // One worker takes more than ten megabytes; two do not fit.
        let daemon = try DaemonFixture(limits: ["keep_alive: 45s", "model_memory: 20M"], folder: folder)
        #expect(try daemon.tunectl("load", others[0].path).status == 0)
        #expect(try models(daemon).first?["keep_alive"] as? String == "45s")
        #expect(try daemon.tunectl("load", others[1].path).status == 0)
        let left = try models(daemon).compactMap { $0["model"] as? String }
        #expect(left.count == 1 && left[0].hasSuffix("/two"), "\(left)")
    }

    @Test func aWorkerThatDiesGivesOneErrorAndTheNextRequestLoadsAgain() throws {
        let daemon = try DaemonFixture()
        let command = try BackgroundCommand(daemon, endless)
        #expect(!command.firstOutput().isEmpty)
        let worker = try #require(daemon.workers().first)
        kill(worker, SIGKILL)
        let (status, errors) = command.finish()
        #expect(status == 70 || status == 1, "\(status)")
        #expect(errors.contains("worker_crashed") && errors.contains("signal 9"), "\(errors)")
        let next = try daemon.tunectl("generate", "--model", base, "Hello", "max_new_tokens=3")
        #expect(next.status == 0, "\(next.errors)")
        #expect(daemon.workers().first != worker)
    }

    @Test func requestsToOneModelAreAnsweredInOrderAndCancelledAtOnce() throws {
        let daemon = try DaemonFixture()
        let first = try BackgroundCommand(daemon, endless)
        #expect(!first.firstOutput().isEmpty)
        let second = try BackgroundCommand(daemon, ["generate", "--model", base, "Hello", "max_new_tokens=3"])
        #expect(try waitUntil { try models(daemon).first?["requests_in_flight"] as? Int == 2 })
        // The client goes away, which cancels what it asked for.
        let start = Date()
        first.stop()
        #expect(second.finish().status == 0)
        #expect(Date().timeIntervalSince(start) < 10)
        #expect(try models(daemon).first?["requests_in_flight"] as? Int == 0)
    }

    @Test func trainingGivesWayToAChatWithItsOwnCheckpointAndEndsAsIfUndisturbed() throws {
        let daemon = try DaemonFixture()
        let undisturbed = try SmallRun.write(
            to: daemon.folder, steps: 40, extra: ["output_dir: \(daemon.path("a"))", "save_steps: 5"])
        #expect(try daemon.tunectl("run", undisturbed).status == 0)
        #expect(try daemon.tunectl("load", base).status == 0)

        let disturbed = try SmallRun.write(
            to: daemon.folder, steps: 40, extra: ["output_dir: \(daemon.path("b"))", "save_steps: 5"])
        let job = try daemon.tunectl("submit", disturbed).output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(
            try waitUntil { FileManager.default.fileExists(atPath: daemon.path("b/checkpoint-5/MANIFEST.json")) })
        func step() throws -> Int? {
            let shown = try json(daemon, "show", job) as? [String: Any]
            return (shown?["progress"] as? [String: Any])?["step"] as? Int
        }
        let chat = try BackgroundCommand(daemon, endless + ["--adapter", "job:\(job)"])
        #expect(!chat.firstOutput().isEmpty)
        // What was under way may still be told.
        usleep(500_000)
        let before = try step()
        usleep(1_000_000)
        #expect(try step() == before, "training waits while the answer streams")
        #expect(before ?? 0 < 40)
        try sharedPages(daemon)
        let adapters = try json(daemon, "adapters", base) as? [[String: Any]] ?? []
        #expect(adapters.count == 1 && (adapters.first?["adapter"] as? String)?.contains("/b/checkpoint-") == true)
        #expect(adapters.first?["rank"] as? Int == 4)
        chat.stop()

        let watched = try daemon.tunectl("watch", job)
        #expect(watched.status == 0, "\(watched.errors)")
        let shown = try json(daemon, "show", job) as? [String: Any]
        #expect(shown?["attempt"] as? Int == 1, "it was never started again")
        #expect(try daemon.tunectl("logs", job).output.contains("gave way to requests to models for"))
        let (left, right) = (try SmallRun.essence(of: daemon.path("a")), try SmallRun.essence(of: daemon.path("b")))
        #expect(left.weights == right.weights && left.records == right.records && left.records.count == 40)

        // When it is done, its result stands for it, as the model too.
        func answer(_ arguments: String...) throws -> String {
            let finished = try run(
                Checkout.program("tunectl"), ["generate", "Where", "do_sample=false", "max_new_tokens=8"] + arguments,
                environment: ["FINETUNED_SOCKET": daemon.socket])
            #expect(finished.status == 0, "\(finished.errors)")
            return finished.output
        }
        let named = try answer("--model", base, "--adapter", daemon.path("b"))
        #expect(try answer("--model", "job:\(job)") == named)
        #expect(try answer("--model", base, "--adapter", "job:\(job)") == named)
        #expect(try daemon.tunectl("unload", base, "--adapter", daemon.path("b")).status == 0)
        #expect(try daemon.tunectl("unload", base, "--adapter", daemon.path("b")).status != 0)
        let unknown = try daemon.tunectl("generate", "--model", base, "--adapter", "job:99", "Where")
        #expect(unknown.status != 0 && unknown.errors.contains("99"), "\(unknown.errors)")
        try refusedToOthers(daemon, job)
    }

    /// Both the model's worker and the job's have the base's pages, and neither has a copy of its own.
    private func sharedPages(_ daemon: DaemonFixture) throws {
        let workers = daemon.workers()
        #expect(workers.count == 2)
        for worker in workers {
            // Read to its end: the kernel gives the file in pieces.
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(worker)/smaps"))
            let maps = String(decoding: handle.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n")
            var kibibytes: [String: Int] = [:]
            var isOurs = false
            for line in maps {
                let fields = line.split(separator: " ", omittingEmptySubsequences: true)
                guard let name = fields.first else { continue }
                if !name.hasSuffix(":") {
                    isOurs = line.hasSuffix("examples/valley/base/model.safetensors")
                } else if isOurs, fields.count > 1, let value = Int(fields[1]) {
                    kibibytes[String(name), default: 0] += value
                }
            }
            #expect(kibibytes["Rss:", default: 0] > 1000, "\(kibibytes)")
            #expect(kibibytes["Private_Dirty:"] == 0 && kibibytes["Anonymous:"] == 0, "\(kibibytes)")
            #expect(kibibytes["Shared_Clean:", default: 0] > 1000, "\(kibibytes)")
        }
    }

    private func refusedToOthers(_ daemon: DaemonFixture, _ job: String) throws {
        guard getuid() == 0 else {
            print("a job's checkpoints are refused to others: left out, needs root to be another user")
            return
        }
        func other(_ arguments: String...) throws -> Finished {
            // The socket is open to its group.
            try run(
                URL(fileURLWithPath: "/usr/bin/setpriv"),
                ["--reuid=65534", "--regid=0", "--clear-groups", Checkout.program("tunectl").path] + arguments,
                environment: ["FINETUNED_SOCKET": daemon.socket])
        }
        let refused = try other("generate", "--model", base, "--adapter", "job:\(job)", "Where")
        #expect(refused.status == 77, "\(refused.errors)")
        let listed = try other("models", "--json")
        #expect(listed.status == 0 && !listed.output.contains("valley"), "\(listed.output)")
        #expect(try other("adapters", "--json").output.trimmingCharacters(in: .whitespacesAndNewlines) == "[]")
        #expect(try other("unload", base).status != 0)
        #expect(try !models(daemon).isEmpty)
    }

    @Test func afterFullTuningTheCheckpointIsTheModel() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(
            to: daemon.folder, steps: 2, extra: ["output_dir: \(daemon.path("full"))", "finetuning_type: full"])
        let text = try String(contentsOfFile: file, encoding: .utf8)
            .replacingOccurrences(of: "finetuning_type: lora\nlora_rank: 4\nlora_target: all\n", with: "")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let submitted = try daemon.tunectl("run", file)
        #expect(submitted.status == 0, "\(submitted.errors)")
        let answers = try ["job:1", daemon.path("full")].map { model in
            try daemon.tunectl(
                "generate", "--model", model, "Where", "do_sample=false", "max_new_tokens=8", "ignore_eos=true")
        }
        #expect(answers[0].status == 0 && answers[0].output == answers[1].output, "\(answers[0].errors)")
        #expect(try models(daemon).compactMap { $0["model"] as? String }.allSatisfy { $0.hasSuffix("/full") })
        // Given beside the base, the trained model takes its place.
        let beside = try daemon.tunectl(
            "generate", "--model", base, "--adapter", "job:1", "Where", "do_sample=false", "max_new_tokens=8",
            "ignore_eos=true")
        #expect(beside.output == answers[0].output)
    }
}
