import RunConfiguration
import Tensors
import Testing
import TrainingLoop
import WeightFiles

/// What each method trains: the tensors that a run moves, and those that it leaves as they were.
@Suite(.serialized) struct TuningMethodTests {
    @Test(arguments: [
        (2, 4, [2, 3]), (1, 4, [3]), (-1, 4, [0]), (0, 4, []), (10, 4, [0, 1, 2, 3]), (-10, 4, [0, 1, 2, 3]),
        (-2, 12, [0, 1]),
    ])
    func layers(trainable: Int, total: Int, expected: [Int]) throws {
        #expect(try LayerSelection.layers(trainable: trainable, of: total).sorted() == expected)
    }

    @Test func addedLayers() throws {
        #expect(try LayerSelection.layers(trainable: 2, of: 4, isExpanded: true).sorted() == [1, 3])
        #expect(try LayerSelection.layers(trainable: 4, of: 4, isExpanded: true).count == 4)
        for count in [3, 0, -2, 8] {
            #expect(throws: TuningError.self) { try LayerSelection.layers(trainable: count, of: 4, isExpanded: true) }
        }
    }

    @Test func namesAreTakenApartAtDots() {
        let inside = TensorPath("model.layers.10.mlp.experts.1.w1.weight")
        #expect(inside.layer == 10 && inside.module == "mlp")
        #expect(TensorPath("model.norm.weight").module == "norm" && TensorPath("model.norm.weight").layer == nil)
        #expect(TensorPath("model.layers.0.input_layernorm.weight").module == "input_layernorm")
        #expect(TensorPath("lm_head.weight").module == "lm_head")
    }

    /// `print_param_status` tells of every parameter once, in the reference's words.
    @Test func statusOfParameters() throws {
        func lines(_ overrides: [String]) throws -> [String] {
            var notes: [String] = []
            let fixture = RunFixture()
            try fixture.run("sft-lora", overrides + ["max_steps=1", "print_param_status=true"]) { event in
                if case .note(let text) = event, text.hasPrefix("name: ") { notes.append(text) }
            }
            return notes
        }
        let adapter = try lines(["create_new_adapter=true", "lora_target=q_proj", "additional_target=model.norm"])
        #expect(adapter.contains("name: model.norm.weight, dtype: torch.float32, device: cpu, trainable: True"))
        #expect(
            adapter.contains("name: model.embed_tokens.weight, dtype: torch.float32, device: cpu, trainable: False"))
        let trained = adapter.filter { $0.hasSuffix("trainable: True") }
        #expect(trained.count == 5 && trained.count { $0.contains("lora_A.weight") } == 2)
        #expect(Set(adapter).count == adapter.count)
        let full = try lines(["finetuning_type=full", "adapter_name_or_path=null"])
        #expect(!full.isEmpty && full.allSatisfy { $0.hasSuffix("trainable: True") })
    }

    /// Names of the tensors that differ between the base and what a run left.
    private func moved(_ overrides: [String]) throws -> Set<String> {
        let run = RunFixture()
        try run.run("sft-full", overrides + ["max_steps=2", "learning_rate=0.01"])
        let before = try CheckpointWeights(directory: "\(RunFixture.folder)/model")
        let after = try CheckpointWeights(directory: run.output)
        return try Set(
            after.names.filter { name in
                let shape = try #require(before.record(name)).shape
                return try before.weight(name, shape: shape).widened().array
                    != after.weight(name, shape: shape).widened().array
            })
    }

    @Test func freezeTrainsWhatIsNamed() throws {
        let last = try moved(["finetuning_type=freeze", "freeze_trainable_layers=1"])
        #expect(last.count >= 9 && last.allSatisfy { $0.hasPrefix("model.layers.1.") })
        let first = try moved([
            "finetuning_type=freeze", "freeze_trainable_layers=-1", "freeze_trainable_modules=mlp",
            "freeze_extra_modules=norm",
        ])
        #expect(
            first == Set(["gate", "up", "down"].map { "model.layers.0.mlp.\($0)_proj.weight" } + ["model.norm.weight"]))
        let pro = try moved(["finetuning_type=freeze", "freeze_trainable_layers=1", "use_llama_pro=true"])
        #expect(pro == last)
    }

    @Test(arguments: [
        ("freeze_trainable_modules=q_proj", "self_attn"), ("freeze_extra_modules=mlp", "embed_tokens"),
        ("freeze_trainable_layers=0", "nothing is left"),
        ("freeze_trainable_layers=-1 use_llama_pro=true", "divisor"),
    ])
    func whatCannotBeTrainedIsRefused(overrides: String, mentioned: String) {
        let error = #expect(throws: TuningError.self) {
            try RunFixture().run(
                "sft-full", ["finetuning_type=freeze"] + overrides.split(separator: " ").map(String.init))
        }
        #expect(error?.description.contains(mentioned) == true)
    }

    @Test func adaptersBesideAddedLayersOnly() throws {
        let run = RunFixture()
        try run.run(
            "sft-lora",
            ["adapter_name_or_path=null", "use_llama_pro=true", "freeze_trainable_layers=1", "max_steps=1"])
        let names = try SafetensorsFile(path: "\(run.output)/adapter_model.safetensors").records.map(\.name)
        #expect(!names.isEmpty && names.allSatisfy { $0.contains(".layers.1.") })
    }
}
