import Checkpoints
import Foundation
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tensors
import Testing
import Tokenization
import TrainingLoop
import WeightFiles

/// The files beside the weights say what the run did: other programs decide by them where an answer ends.
struct ModelFilesTests {
    /// A base whose answers end otherwise than those of the template that it learns.
    private func baseModel(endingIn token: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("base-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: "\(RunFixture.folder)/model", toPath: folder)
        let id = try #require(Tokenizer(directory: folder).tokenID(of: token)).json
        for (name, key, value) in [
            ("config.json", "eos_token_id", id), ("generation_config.json", "eos_token_id", id),
            ("tokenizer_config.json", "eos_token", .string(token)),
        ] {
            var file = try RunFixture.json("\(folder)/\(name)")
            file[key] = value
            try Data(file.serializedBytes(.compact)).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        return folder
    }

    @Test func wholeModelsEndWhereTheTemplateDoes() throws {
        let fixture = RunFixture()
        let base = try baseModel(endingIn: "<|endoftext|>")
        defer { try? FileManager.default.removeItem(atPath: base) }
        var notes: [String] = []
        let settings = ["model_name_or_path=\(base)", "save_steps=1", "load_best_model_at_end=false", "max_steps=1"]
        try fixture.run("sft-full", settings) { if case .note(let note) = $0 { notes.append(note) } }
        let tokenizer = try Tokenizer(directory: fixture.output)
        let end = try #require(tokenizer.eosTokenID).json
        let old = try #require(tokenizer.tokenID(of: "<|endoftext|>")).json
        #expect(tokenizer.eosToken == "<|im_end|>" && old != end)
        for folder in ["", "checkpoint-1/"] {
            #expect(try fixture.json("\(folder)generation_config.json")["eos_token_id"] == [end, old])
            let configuration = try fixture.json("\(folder)config.json")
            #expect(configuration["eos_token_id"] == end && configuration["bos_token_id"] == .null)
        }
        #expect(notes.contains { $0.contains("eos_token_id: [") && $0.contains("bos_token_id: null") })
    }

    @Test func settingsOfDeepSpeedInAFile() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("ds-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        var notes: [String] = []
        func run() throws {
            try RunFixture().run("pt-full", ["max_steps=1", "do_eval=false", "deepspeed=\(file.path)"]) {
                if case .note(let note) = $0, note.contains("`deepspeed`") { notes.append(note) }
            }
        }
        try run()
        #expect(notes.count == 1 && notes[0].contains(file.path))
        try Data(#"{"gradient_clipping": "auto", "zero_optimization": {"stage": 2}}"#.utf8).write(to: file)
        try run()
        #expect(notes.count == 1)
        try Data(#"{"gradient_clipping": 0.25}"#.utf8).write(to: file)
        #expect(throws: ConfigurationError.self) { try run() }
    }

    /// An adapter that training goes on with keeps its own rank (4), alpha (8) and dropout (0).
    @Test func settingsThatAContinuedAdapterDecides() throws {
        func notes(_ settings: [String]) throws -> [String] {
            var notes: [String] = []
            try RunFixture().run("sft-lora", ["max_steps=1", "do_eval=false", "eval_strategy=no"] + settings) {
                if case .note(let note) = $0, note.contains("does not act") { notes.append(note) }
            }
            return notes
        }
        #expect(try notes(["lora_rank=4", "lora_alpha=8", "lora_dropout=0"]).isEmpty)
        let told = try notes(["lora_rank=16", "lora_alpha=9", "lora_dropout=0.5", "use_rslora=true"])
        #expect(told.count == 4 && told[0].contains("`lora_rank` does not act") && told[0].contains("is 4"))
    }

    @Test(arguments: [("sft-full", "sft-lora", "holds a whole model"), ("sft-lora", "sft-full", "holds an adapter")])
    func checkpointsOfAnotherKindSaySo(first: String, second: String, said: String) throws {
        let (whole, other) = (RunFixture(), RunFixture())
        try whole.run(first, ["save_strategy=steps", "save_steps=1", "max_steps=1", "load_best_model_at_end=false"])
        let checkpoint = "\(whole.output)/checkpoint-1"
        let error = try #require(throws: CheckpointError.self) {
            try other.run(second, ["resume_from_checkpoint=\(checkpoint)"])
        }
        #expect(error.description.contains(checkpoint) && error.description.contains(said))
    }

    /// The tensor is named, whether the loss of an update or that of an evaluation meets it first.
    @Test(arguments: [
        ("sft-full", [String]()), ("sft-lora", []), ("sft-lora", ["eval_on_start=true"]),
    ])
    func weightsThatAreNoNumbersAreNamed(name: String, settings: [String]) throws {
        let base = try baseModel(endingIn: "<|endoftext|>")
        defer { try? FileManager.default.removeItem(atPath: base) }
        let tensor = "model.layers.1.mlp.up_proj.weight"
        let weights = try CheckpointWeights(directory: base)
        let tensors = try weights.names.map { name in
            let record = try #require(weights.record(name))
            var numbers = try weights.weight(name, shape: record.shape).widened().array
            if name == tensor { numbers[3] = .nan }
            return TensorToWrite(name: name, tensor: try Tensor(numbers, shape: record.shape))
        }
        try CheckpointWriter.write(tensors, into: OutputDirectory(path: base))
        let fixture = RunFixture()
        let error = try #require(throws: NotFiniteTensor.self) {
            try fixture.run(name, ["model_name_or_path=\(base)", "load_best_model_at_end=false"] + settings)
        }
        #expect(error.name == tensor && error.position == 3 && error.file == base)
    }
}

extension Int32 {
    fileprivate var json: JSONValue { .integer(Int64(self)) }
}
