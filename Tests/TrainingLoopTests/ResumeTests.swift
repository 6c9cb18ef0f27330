import Checkpoints
import Foundation
import JSONDocuments
import Testing
import TrainingLoop

/// Going on from a checkpoint must give what the run without interruption gives, byte for byte.
struct ResumeTests {
    private static let saving = [
        "save_strategy=steps", "save_steps=1", "load_best_model_at_end=false", "eval_strategy=steps", "eval_steps=2",
    ]

    @Test(arguments: [
        ("sft-full", "model.safetensors", [String]()),
        ("sft-lora", "adapter_model.safetensors", ["create_new_adapter=true", "lora_dropout=0.3", "lora_rank=4"]),
        ("pt-full", "model.safetensors", []), ("sft-stream", "model.safetensors", []),
        ("sft-stream-mixed", "model.safetensors", []), ("pt-stream", "model.safetensors", []),
    ])
    func everyCheckpointLeadsToTheSameEnd(name: String, weights: String, extra: [String]) throws {
        let whole = RunFixture()
        let total = try whole.run(name, Self.saving + extra).step
        let (expected, history) = (try whole.bytes(weights), try whole.history())
        for step in 1..<total {
            let resumed = RunFixture()
            let checkpoint = "\(whole.output)/checkpoint-\(step)"
            try resumed.run(name, Self.saving + extra + ["resume_from_checkpoint=\(checkpoint)"])
            #expect(try resumed.bytes(weights) == expected, "\(name) from step \(step)")
            // The summary's mean loss is that of the resumed part.
            #expect(try resumed.history().dropLast() == history.dropLast(), "\(name) from step \(step)")
        }
    }

    @Test func stoppedRunGoesOnAsIfNothingHadHappened() throws {
        let (whole, stopped) = (RunFixture(), RunFixture())
        let settings = ["save_strategy=no", "load_best_model_at_end=false", "logging_steps=4"]
        try whole.run("sft-full", settings)
        let first = try stopped.run("sft-full", settings, stopAfter: 3)
        #expect(!first.isFinished && first.step == 3)
        #expect(FileManager.default.fileExists(atPath: stopped.output + "/checkpoint-3/MANIFEST.json"))
        #expect(try stopped.run("sft-full", settings, isContinuation: true).isFinished)
        #expect(try stopped.bytes("model.safetensors") == whole.bytes("model.safetensors"))
        #expect(try stopped.history() == whole.history())
        let lines = try [whole, stopped].map {
            try String(decoding: $0.bytes("trainer_log.jsonl"), as: UTF8.self).split(separator: "\n").count
        }
        #expect(lines[0] == lines[1])
    }

    @Test func sameJobTwiceGivesTheSameBytes() throws {
        let (first, second) = (RunFixture(), RunFixture())
        for fixture in [first, second] { try fixture.run("sft-full") }
        #expect(try first.bytes("model.safetensors") == second.bytes("model.safetensors"))
        #expect(try first.history() == second.history())
    }

    @Test func damagedCheckpointIsPassedOver() throws {
        let fixture = RunFixture()
        try fixture.run("pt-full", ["save_strategy=steps", "save_steps=2"])
        let weights = URL(fileURLWithPath: fixture.output + "/checkpoint-6/model.safetensors")
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: weights)
        #expect(throws: CheckpointError.self) {
            try fixture.run("pt-full", ["resume_from_checkpoint=\(fixture.output)/checkpoint-6"])
        }
        var notes: [String] = []
        try fixture.run("pt-full", ["resume_from_checkpoint=true"]) {
            if case .note(let note) = $0 { notes.append(note) }
        }
        #expect(notes.contains { $0.contains("is passed over") && $0.contains("checkpoint-6") })
        #expect(notes.contains { $0.contains("goes on from \(fixture.output)/checkpoint-4") })
    }

    @Test func finishedOutputIsNotOverwrittenUnasked() throws {
        let fixture = RunFixture()
        try fixture.run("sft-smoothed")
        #expect(throws: CheckpointError.self) { try fixture.run("sft-smoothed") }
        #expect(try fixture.run("sft-smoothed", ["overwrite_output_dir=true"]).isFinished)
        let lines = String(decoding: try fixture.bytes("trainer_log.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 5)
    }

    @Test func infiniteLossEndsTheRun() throws {
        let fixture = RunFixture()
        let error = #expect(throws: TrainingError.self) {
            try fixture.run(
                "sft-smoothed",
                [
                    "learning_rate=1e30", "max_grad_norm=0", "warmup_steps=0", "save_strategy=steps", "save_steps=1",
                    "max_steps=9",
                ])
        }
        #expect(error.map { "\($0)".contains("checkpoint-") } == true)
    }
}
