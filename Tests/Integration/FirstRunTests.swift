import Foundation
import ServiceTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct FirstRunTests {
    @Test func aSubmittedRunTrainsAndLeavesItsFiles() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(
            to: daemon.folder, extra: ["output_dir: out", "plot_loss: true", "save_steps: 3"])
        let submitted = try daemon.tunectl("submit", file, directory: daemon.folder)
        #expect(submitted.status == 0, "\(submitted.errors)")
        let job = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let watched = try daemon.tunectl("watch", job)
        #expect(watched.status == 0, "\(watched.errors)")
        for name in [
            "adapter_model.safetensors", "adapter_config.json", "trainer_state.json", "trainer_log.jsonl",
            "all_results.json", "train_results.json", "training_loss.png", "tokenizer.json",
            "checkpoint-3/adapter_model.safetensors", "checkpoint-6/optimizer.safetensors",
        ] {
            #expect(FileManager.default.fileExists(atPath: daemon.path("out/\(name)")), "\(name) is missing")
        }
        let essence = try SmallRun.essence(of: daemon.path("out"))
        #expect(essence.records.count == 6)
        let generated = try daemon.tunectl(
            "generate", "--jsonl", "--model", Checkout.root.path + "/examples/valley/base", "--adapter", "out",
            "template=xverse", "do_sample=false", "max_new_tokens=4",
            input: "{\"messages\": [{\"role\": \"user\", \"content\": \"Where does Ada live?\"}]}\n",
            directory: daemon.folder)
        #expect(generated.status == 0, "\(generated.errors)")
        let answer = try JSONSerialization.jsonObject(with: Data(generated.output.utf8)) as? [String: Any]
        #expect((answer?["ids"] as? [Int])?.isEmpty == false)
    }

    @Test func theDataIsSeenAsTheModelWillSeeIt() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, extra: ["val_size: 4"])
        let lines = try daemon.tunectl("data", "preview", file, "--jsonl")
        #expect(lines.status == 0, "\(lines.errors)")
        let items = try lines.output.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(items.count == 60)
        #expect(items.allSatisfy { ($0?["input_ids"] as? [Int])?.count == ($0?["labels"] as? [Int])?.count })
        #expect(
            try daemon.tunectl("data", "preview", file, "--jsonl", "--split", "eval").output.split(separator: "\n")
                .count == 4)
        let text = try daemon.tunectl("data", "preview", file, "--row", "2")
        #expect(text.status == 0 && text.output.contains("item 2 of 60"), "\(text.errors)")
        #expect(text.output.contains("«"))
        #expect(try daemon.tunectl("data", "preview", file, "--row", "61").status == 2)
        let packed = try daemon.tunectl("data", "preview", file, "--jsonl", "neat_packing=true")
        #expect(packed.output.contains("\"position_ids\""))
        // A stage that cannot be trained yet: its data is looked at, its job is refused.
        let rows = "[{\"instruction\": \"Hi\", \"input\": \"\", \"chosen\": \"a\", \"rejected\": \"b\"}]"
        let data = daemon.folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        try Data(rows.utf8).write(to: data.appendingPathComponent("rows.json"))
        let columns = "{\"prompt\": \"instruction\", \"chosen\": \"chosen\", \"rejected\": \"rejected\"}"
        try Data("{\"rows\": {\"file_name\": \"rows.json\", \"ranking\": true, \"columns\": \(columns)}}".utf8)
            .write(to: data.appendingPathComponent("dataset_info.json"))
        let overrides = ["stage=dpo", "dataset_dir=\(data.path)", "dataset=rows", "pref_beta=0.2", "val_size=0"]
        let pairs = try daemon.tunectl(
            "data", "preview", file, "--jsonl", overrides[0], overrides[1], overrides[2], overrides[3], overrides[4])
        #expect(pairs.status == 0 && pairs.output.contains("\"chosen_input_ids\""), "\(pairs.errors)")
        let checked = try daemon.tunectl("check", file)
        #expect(checked.status == 0 && checked.errors.contains("and so is its data"), "\(checked.errors)")
    }

    @Test func theSameTokenGivesTheSameJob() throws {
        let daemon = try DaemonFixture()
        let text = SmallRun.yaml(steps: 1, extra: ["output_dir: \(daemon.path("out"))"])
        let request = try JSONSerialization.data(withJSONObject: [
            "config": ["text": text, "name": "run.yaml"], "client_token": "t-1",
        ])
        let parameters = String(decoding: request, as: UTF8.self)
        let ids = try (0..<2).map { _ in
            let reply = try daemon.tunectl("rpc", "job.submit", parameters)
            let object = try JSONSerialization.jsonObject(with: Data(reply.output.utf8)) as? [String: Any]
            return object?["id"] as? String
        }
        #expect(ids[0] != nil && ids[0] == ids[1])
    }

    @Test(arguments: [
        ("stage: sft\nlora_rnak: 8\n", 78, "lora_rank"), ("stage: [\n", 78, "run.yaml"),
        (SmallRun.yaml(extra: ["quantization_bit: 5"]), 78, "quantization_bit"),
    ])
    func aBadConfigurationIsRefused(text: String, status: Int32, named: String) throws {
        let daemon = try DaemonFixture()
        let file = daemon.folder.appendingPathComponent("run.yaml")
        try Data(text.utf8).write(to: file)
        let submitted = try daemon.tunectl("submit", file.path)
        #expect(submitted.status == status)
        #expect(submitted.errors.contains(named), "\(submitted.errors)")
        #expect(daemon.isRunning)
    }

    @Test(arguments: ["missing", "truncated", "hostile", "no-data", "bad-row"])
    func aRunThatCannotSucceedFailsWithItsReason(defect: String) throws {
        let daemon = try DaemonFixture()
        let model = daemon.folder.appendingPathComponent("model")
        try FileManager.default.copyItem(at: Checkout.root.appendingPathComponent("examples/valley/base"), to: model)
        let weights = model.appendingPathComponent("model.safetensors")
        let data = daemon.folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let good = "{\"instruction\": \"a\", \"input\": \"\", \"output\": \"b\"}"
        var rows = "[\(good)]"
        var kind = "bad_model"
        switch defect {
        case "missing":
            try FileManager.default.removeItem(at: weights)
            kind = "not_found"
        case "truncated": try Data(contentsOf: weights).dropLast(1000).write(to: weights)
        case "hostile": try Data([255, 255, 255, 255, 255, 255, 255, 127, 123]).write(to: weights)
        case "no-data":
            rows = ""
            kind = "bad_data"
        default:
            rows = "[\(good), {\"instruction\": 7, \"input\": \"\", \"output\": \"b\"}]"
            kind = "bad_data"
        }
        try Data(rows.utf8).write(to: data.appendingPathComponent("rows.json"))
        try Data("{\"rows\": {\"file_name\": \"rows.json\"}}".utf8)
            .write(to: data.appendingPathComponent("dataset_info.json"))
        let file = try SmallRun.write(to: daemon.folder, extra: ["output_dir: out"])
        let finished = try daemon.tunectl(
            "run", file, "model_name_or_path=\(model.path)", "dataset_dir=\(data.path)", "dataset=rows", "--json",
            directory: daemon.folder)
        #expect(finished.status == 1, "\(finished.output) \(finished.errors)")
        #expect((finished.output + finished.errors).contains("\"\(kind)\""), "\(finished.output) \(finished.errors)")
        #expect(daemon.isRunning)
        #expect(try daemon.tunectl("jobs").status == 0)
    }

    @Test func withoutADaemonTheClientSaysSo() throws {
        let finished = try run(
            Checkout.program("tunectl"), ["jobs"], environment: ["FINETUNED_SOCKET": "/tmp/no-such-daemon"])
        #expect(finished.status == 69)
        #expect(finished.errors.contains("/tmp/no-such-daemon"))
    }

    @Test func aFullDiskFailsTheJobAndNothingElse() throws {
        guard getuid() == 0 else {
            print("aFullDiskFailsTheJobAndNothingElse: left out, mounting a tmpfs needs root")
            return
        }
        let daemon = try DaemonFixture()
        let small = daemon.path("small")
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        let mounted = try run(
            URL(fileURLWithPath: "/usr/bin/mount"), ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small])
        guard mounted.status == 0 else {
            print("aFullDiskFailsTheJobAndNothingElse: left out, tmpfs cannot be mounted here: \(mounted.errors)")
            return
        }
        defer { _ = try? run(URL(fileURLWithPath: "/usr/bin/umount"), [small]) }
        let file = try SmallRun.write(to: daemon.folder, extra: ["save_steps: 1"])
        let finished = try daemon.tunectl("run", file, "output_dir=\(small)/out", "lora_rank=16", "--json")
        #expect(finished.status == 1)
        #expect((finished.output + finished.errors).contains("\"disk_full\""), "\(finished.output) \(finished.errors)")
        #expect(daemon.isRunning)
    }
}
