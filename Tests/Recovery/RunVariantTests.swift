import Foundation
import ServiceTestSupport
import Testing

/// Kinds of training that must survive the death of their worker byte for byte.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RunVariantTests {
    static let variants: [String: [String]] = [
        "dropout": ["lora_dropout: 0.2", "lora_rank: 8"],
        "dora": ["use_dora: true", "use_rslora: true", "lora_dropout: 0.1"],
        "embedding": [
            "loraplus_lr_ratio: 4", "loraplus_lr_embedding: 1.0e-3", "lora_target: embed_tokens,q_proj",
            "additional_target: model.norm",
        ],
        "pissa": ["pissa_init: true", "pissa_iter: 2", "pissa_convert: true"],
        "oft": ["finetuning_type: oft", "oft_block_size: 16", "module_dropout: 0.2"],
        "accumulation": ["gradient_accumulation_steps: 3", "per_device_train_batch_size: 2"],
        "packing": ["packing: true", "cutoff_len: 128"],
        "streaming": ["streaming: true", "buffer_size: 16"],
        "text": ["stage: pt", "cutoff_len: 96"],
        "full": ["finetuning_type: full", "learning_rate: 1.0e-4", "save_total_limit: 2"],
        "freeze": ["finetuning_type: freeze", "freeze_trainable_layers: -2", "freeze_extra_modules: embed_tokens"],
        "galore": ["finetuning_type: full", "use_galore: true", "galore_rank: 4", "galore_update_interval: 4"],
        "galore-layerwise": [
            "finetuning_type: full", "use_galore: true", "galore_layerwise: true", "gradient_accumulation_steps: 1",
        ],
        "apollo": ["finetuning_type: full", "use_apollo: true", "apollo_rank: 4", "apollo_update_interval: 4"],
        "badam": ["finetuning_type: full", "use_badam: true", "badam_switch_interval: 4", "badam_switch_mode: random"],
        "badam-ratio": ["finetuning_type: full", "use_badam: true", "badam_mode: ratio"],
        "adam-mini": ["finetuning_type: full", "use_adam_mini: true"],
        "muon": ["finetuning_type: full", "use_muon: true"],
        "8-bit": ["finetuning_type: full", "optim: adamw_8bit"],
        "noise": ["neftune_noise_alpha: 5", "group_by_length: true"],
        "anchored": ["use_asft_loss: true", "asft_alpha: 0.5"],
        // Nothing is learned, so no evaluation is better than the first.
        "early": [
            "early_stopping_steps: 2", "val_size: 8", "eval_strategy: steps", "eval_steps: 3", "learning_rate: 0",
        ],
    ]

    private func yaml(_ variant: String, steps: Int) -> [String] {
        let extra = Self.variants[variant] ?? []
        let replaced = Set(extra.compactMap { $0.split(separator: ":").first.map(String.init) })
        let usual = SmallRun.yaml(steps: steps, extra: ["save_steps: 3", "seed: 5"]).split(separator: "\n").map(
            String.init)
        return usual.filter { line in
            !replaced.contains { line.hasPrefix($0 + ":") }
                && !(replaced.contains("finetuning_type") && line.hasPrefix("lora_"))
                && !(variant == "streaming" && line.hasPrefix("max_samples"))
        } + extra
    }

    private func submit(_ variant: String, to daemon: DaemonFixture) throws -> String {
        let file = daemon.path("run.yaml")
        try Data((yaml(variant, steps: 15) + ["output_dir: out"]).joined(separator: "\n").utf8)
            .write(to: URL(fileURLWithPath: file))
        let submitted = try daemon.tunectl("submit", file, directory: daemon.folder)
        #expect(submitted.status == 0, "\(submitted.errors)")
        return submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func weights(_ daemon: DaemonFixture) throws -> Data {
        let adapter = daemon.path("out/adapter_model.safetensors")
        let file = FileManager.default.fileExists(atPath: adapter) ? adapter : daemon.path("out/model.safetensors")
        return try Data(contentsOf: URL(fileURLWithPath: file))
    }

    private func records(_ daemon: DaemonFixture) throws -> [String] {
        let state = try Data(contentsOf: URL(fileURLWithPath: daemon.path("out/trainer_state.json")))
        let object = try JSONSerialization.jsonObject(with: state) as? [String: Any]
        let history = object?["log_history"] as? [[String: Any]] ?? []
        return history.filter { $0["loss"] != nil }.map { record in
            ["step", "loss", "grad_norm", "learning_rate", "epoch"].map { "\(record[$0] ?? "-")" }.joined(
                separator: " ")
        }
    }

    /// Also: the same job twice gives the same bytes.
    @Test(arguments: variants.keys.sorted())
    func killedAtRandomMomentsItEndsTheSame(variant: String) throws {
        let unbroken = try DaemonFixture()
        #expect(try unbroken.tunectl("wait", submit(variant, to: unbroken)).status == 0)
        let (expectedWeights, expectedRecords) = (try weights(unbroken), try records(unbroken))
        #expect(expectedRecords.count == (variant == "early" ? 9 : 15))
        for _ in 0..<TestRepetition.factor {
            let daemon = try DaemonFixture()
            let job = try submit(variant, to: daemon)
            usleep(UInt32.random(in: 50_000..<600_000))
            for worker in daemon.workers() { kill(worker, SIGKILL) }
            #expect(try daemon.tunectl("wait", job).status == 0)
            #expect(try records(daemon) == expectedRecords)
            #expect(try weights(daemon) == expectedWeights)
        }
    }

    /// The power goes at every point of a checkpoint's writing: the one before is used, and the end is the same.
    @Test(arguments: [
        "write", "fsync", "manifest", "folder-fsync", "rename", "parent-fsync", "prune",
    ])
    func deathInsideACheckpoint(point: String) throws {
        let unbroken = try Self.unbroken.get()
        let once = FileManager.default.temporaryDirectory.appendingPathComponent("once-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: once) }
        // The second checkpoint, so that there is one before.
        let count = ["write": 12, "fsync": 13].first { $0.key == point }?.value ?? 2
        let daemon = try DaemonFixture(environment: ["FINETUNED_FAILPOINT": "checkpoint.\(point):\(count):\(once)"])
        let file = try SmallRun.write(to: daemon.folder, steps: 12, extra: Self.extra)
        let finished = try daemon.tunectl("run", file, "--json", directory: daemon.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(FileManager.default.fileExists(atPath: once), "the point was never reached")
        #expect(finished.output.contains("\"attempt\":2"))
        let essence = try SmallRun.essence(of: daemon.path("out"))
        #expect(essence.records == unbroken.records && essence.weights == unbroken.weights)
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.path("out"))
        #expect(names.count { $0.contains(".tmp-") } == 0)
    }

    static let extra = ["output_dir: out", "save_steps: 3", "save_total_limit: 2", "seed: 3"]
    static let unbroken: Result<(weights: Data, records: [String]), any Error> = Result {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: 12, extra: extra)
        #expect(try daemon.tunectl("run", file, directory: daemon.folder).status == 0)
        return try SmallRun.essence(of: daemon.path("out"))
    }
}
