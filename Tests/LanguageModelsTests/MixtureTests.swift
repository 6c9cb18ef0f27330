import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

/// Mixtures of experts and of depths: what they add to the loss, and what their checkpoints look like.
@Suite struct MixtureTests {
    /// Losses of transformers with their auxiliary term, on weights from a formula.
    @Test(arguments: [
        (
            #""model_type":"mixtral","num_local_experts":4,"rms_norm_eps":1e-5,"rope_theta":1e6"#, 5.251138, 1.986754
        ),
        (
            """
            "model_type":"qwen2_moe","num_experts":4,"num_experts_per_tok":2,"moe_intermediate_size":16,
            "shared_expert_intermediate_size":24
            """, 4.826358, 2.041653
        ),
        (
            """
            "model_type":"qwen3_moe","head_dim":16,"num_experts":4,"num_experts_per_tok":2,"moe_intermediate_size":16,
            "norm_topk_prob":true
            """, 5.306945, 2.051642
        ),
    ])
    func balanceOfExperts(keys: String, loss: Double, balance: Double) throws {
        let common = FormulaModelTests.common
        let own = #""output_router_logits":true,"router_aux_loss_coef":0.1"#
        let configuration = try ModelConfiguration(JSONValue(parsing: "{\(common),\(own),\(keys)}"))
        let model = try FormulaModelTests.formulaModel(configuration)
        let tokens = stride(from: Int32(1), through: 45, by: 4).map { $0 }
        let layout = try SequenceLayout(lengths: [tokens.count])
        let tape = Tape(recording: false, auxiliaryShare: 1)
        let result = try model.loss(tokens, labels: tokens, layout: layout, on: tape)
        #expect(abs(tape.auxiliaryLoss / 0.1 - balance) < 2e-6 * balance)
        #expect(abs(result.sum / Double(result.count) + tape.auxiliaryLoss - loss) < 2e-6 * loss)
        let saved = configuration.saved(weightFormat: .float32)
        #expect(saved["output_router_logits"] == true && saved["router_aux_loss_coef"] == 0.1)
    }

    /// Fused experts are written as they stood on disk, changed by training or not.
    @Test(arguments: ["mixtral-fused", "qwen3-moe-fused"])
    func fusedExperts(name: String) throws {
        let fixture = try Fixture(name)
        let path = "model.layers.1.mlp.experts"
        let file = try CheckpointWeights(directory: fixture.directory)
        let plain = try fixture.model()
        #expect(plain.linearModules.contains { $0.path.hasPrefix("\(path).2.") })
        let trained = try plain.makingTrainable { $0.contains("experts.1.") }
        for parameter in trained.parameters { parameter.value[0] = 7 }
        for (model, isChanged) in [(plain, false), (trained, true)] {
            try ModelSavingTests().inTemporaryDirectory { directory in
                try CheckpointWriter.write(model.tensorsToWrite(), into: OutputDirectory(path: directory))
                let written = try CheckpointWeights(directory: directory)
                #expect(written.names == file.names)
                for name in file.names {
                    let shape = try #require(file.record(name)).shape
                    let (left, right) = (
                        try written.weight(name, shape: shape).widened().array,
                        try file.weight(name, shape: shape).widened().array
                    )
                    let changed = name.contains("gate_up") ? 2 : name.contains("down_proj") ? 1 : 0
                    #expect(zip(left, right).count { $0 != $1 } == (isChanged ? changed : 0))
                }
                let again = try DecoderModel.load(model.configuration, weights: written)
                for (left, right) in zip(again.tensors, model.tensors) {
                    let expected = right.value.widened().array
                    #expect(left.name == right.name && left.value.widened().array == expected)
                    #expect(try model.weight(named: left.name, in: written).widened().array == expected)
                }
            }
        }
    }

    @Test func truncatedExpertsAreRefused() throws {
        let fixture = try Fixture("qwen3-moe-fused")
        let model = try fixture.model()
        try ModelSavingTests().inTemporaryDirectory { directory in
            let name = "model.layers.0.mlp.experts.gate_up_proj"
            let short = TensorToWrite(name: name, tensor: Tensor(zeros: [3, 24, 16]))
            let tensors = model.tensorsToWrite().filter { $0.name != name } + [short]
            try CheckpointWriter.write(tensors, into: OutputDirectory(path: directory))
            let error = try #require(throws: WeightFileError.self) {
                try DecoderModel.load(model.configuration, weights: CheckpointWeights(directory: directory))
            }
            #expect(error.description.contains("[4, 24, 16]") && error.description.contains("[3, 24, 16]"))
        }
        let separate = try Fixture("mixtral").model()
        try ModelSavingTests().inTemporaryDirectory { directory in
            let name = "model.layers.1.block_sparse_moe.experts.2.w2.weight"
            let tensors = separate.tensorsToWrite().filter { $0.name != name }
            try CheckpointWriter.write(tensors, into: OutputDirectory(path: directory))
            let error = try #require(throws: WeightFileError.self) {
                try DecoderModel.load(separate.configuration, weights: CheckpointWeights(directory: directory))
            }
            #expect(error.description.contains("'\(name)'"))
        }
    }

    /// Converting adds routers and moves blocks; what was saved is read as such a model by itself.
    @Test func conversionToMixtureOfDepths() throws {
        let fixture = try Fixture("llama-gradients")
        var configuration = try ModelConfiguration(directory: fixture.directory)
        configuration.skipsDepth = true
        let weights = try CheckpointWeights(directory: fixture.directory)
        let model = try DecoderModel.load(configuration, weights: weights, seed: 5)
        let router = try #require(model.tensors.first { $0.name == "model.layers.1.router.weight_predictor.weight" })
        #expect(
            router.value.shape == [1, 16] && router.value.widened().array.allSatisfy { abs($0) <= 0.25 && $0 != 0 })
        #expect(model.tensors.contains { $0.name == "model.layers.1.block.mlp.up_proj.weight" })
        #expect(model.tensors.contains { $0.name == "model.layers.0.mlp.up_proj.weight" })
        let other = try DecoderModel.load(configuration, weights: weights, seed: 6)
        #expect(
            try model.tokenLogProbabilities([[1, 2, 3, 4, 5]]) != other.tokenLogProbabilities([[1, 2, 3, 4, 5]]))
        try ModelSavingTests().inTemporaryDirectory { directory in
            let defaults = try GenerationDefaults(directory: fixture.directory, configuration: configuration)
            try model.save(into: OutputDirectory(path: directory), generation: defaults, storedAs: .float32)
            let again = try DecoderModel.load(directory: directory)
            #expect(again.configuration.skipsDepth && !again.canCache)
            #expect(again.configuration.source["architectures"] == ["LlamaMoDForCausalLM"])
            let tokens = [[Int32](1...20)]
            #expect(try again.tokenLogProbabilities(tokens) == model.tokenLogProbabilities(tokens))
        }
    }

    /// In the first update all tokens but one go through a block, then fewer and fewer.
    @Test func depthNarrowsFromUpdateToUpdate() throws {
        let fixture = try Fixture("llama-gradients")
        var configuration = try ModelConfiguration(directory: fixture.directory)
        configuration.skipsDepth = true
        let weights = try CheckpointWeights(directory: fixture.directory)
        let model = try DecoderModel.load(configuration, weights: weights).makingTrainable { _ in true }
        let tokens = (0..<24).map { Int32($0 % 30) }
        let layout = try SequenceLayout(lengths: [24])
        func states(_ update: Int?) throws -> [Float] {
            try model.hiddenStates(tokens, layout: layout, on: Tape(recording: false, update: update)).value.array
        }
        #expect(try states(0) != states(1))
        #expect(try states(100_000) == states(nil))
        // Every parameter gets a gradient, the router's through the tokens that it chose.
        for policy in [CheckpointPolicy.recompute, .keep] {
            for parameter in model.parameters { parameter.clearGradient() }
            let tape = Tape(recording: true, checkpointPolicy: policy, update: 1)
            let loss = try model.loss(tokens, labels: tokens, layout: layout, on: tape)
            try tape.backward(from: loss.loss)
            #expect(model.parameters.allSatisfy { $0.gradient?.array.contains { $0 != 0 } == true })
        }
    }

    /// As the formulas say it, token by token; in training only.
    @Test func shiftedGroups() throws {
        let fixture = try Fixture("llama-gradients")
        var configuration = try ModelConfiguration(directory: fixture.directory)
        configuration.shiftsAttention = true
        let plain = try fixture.model()
        let model = try plain.reconfigured(configuration).makingTrainable { $0.contains("q_proj") }
        let (tokens, layout) = ([Int32](1...14), try SequenceLayout(lengths: [9, 5]))
        func states(_ model: DecoderModel, recording: Bool) throws -> [Float] {
            try model.hiddenStates(tokens, layout: layout, on: Tape(recording: recording)).value.array
        }
        #expect(try states(model, recording: false) == states(plain, recording: false))
        let shifted = try states(model, recording: true)
        #expect(try shifted != states(plain, recording: false))
        // The first two tokens of a row see no group's border: groups have four tokens, shifted ones begin after two.
        let whole = try states(plain, recording: false)
        #expect(difference(Array(shifted[..<32]), Array(whole[..<32])) < 1e-5)
        #expect(difference(Array(shifted[144..<176]), Array(whole[144..<176])) < 1e-5)
        #expect(difference(Array(shifted[32..<144]), Array(whole[32..<144])) > 1e-3)
    }

    @Test func everyFamilyFromScratch() throws {
        for name in ModelFixtureTests.families {
            let configuration = try ModelConfiguration(directory: Fixture(name).directory)
            let model = try DecoderModel.initialized(configuration, seed: 9)
            let reference = try Fixture(name).model()
            #expect(Set(model.tensors.map(\.name)) == Set(reference.tensors.map(\.name)) || name.hasSuffix("fused"))
            #expect(try model.tokenLogProbabilities([[1, 2, 3, 4]])[0].allSatisfy { $0.isFinite && $0 < 0 })
            let norm = try #require(model.tensors.first { $0.name == "model.norm.weight" }).value.widened().array
            #expect(norm.allSatisfy { $0 == (name.hasPrefix("gemma") ? 0 : 1) }, "\(name)")
        }
    }
}
