import Tensors
import Testing
import TrainingLoop
import WeightFiles

/// Every parameter of BAdam acts, and what is not its turn stays as it was.
struct BAdamRunTests {
    private static let layer = OptimizerRunTests.badam
    private static let ratio = ["use_badam=true", "badam_mode=ratio", "badam_update_ratio=0.3"]

    @Test(arguments: [
        ["badam_start_block=1"], ["badam_switch_mode=descending"], ["badam_switch_mode=fixed"],
        ["badam_switch_interval=3"], ["badam_switch_interval=-1"], ["weight_decay=0"], ["optim=sgd"],
        ["badam_mode=ratio"],
    ])
    func parametersOfTheLayerModeAct(change: [String]) throws {
        #expect(try OptimizerRunTests.weights(Self.layer + change) != OptimizerRunTests.weights(Self.layer))
    }

    @Test(arguments: [["badam_update_ratio=0.4"], ["badam_mask_mode=scatter"], ["max_grad_norm=0.01"]])
    func parametersOfTheRatioModeAct(change: [String]) throws {
        #expect(try OptimizerRunTests.weights(Self.ratio + change) != OptimizerRunTests.weights(Self.ratio))
    }

    /// Names of the tensors that a run moves.
    private func moved(_ overrides: [String]) throws -> Set<String> {
        let fixture = RunFixture()
        try fixture.run("sft-full", OptimizerRunTests.short + ["save_strategy=no"] + overrides)
        let (after, before) = (
            try SafetensorsFile(path: fixture.output + "/model.safetensors"),
            try SafetensorsFile(path: RunFixture.folder + "/model/model.safetensors")
        )
        return try Set(
            after.records.map(\.name).filter {
                try after.tensor(named: $0).array != before.tensor(named: $0).array
            })
    }

    @Test func onlyBlocksMove() throws {
        let first = try moved(Self.layer + ["badam_switch_mode=fixed"])
        #expect(!first.isEmpty && first.allSatisfy { $0.hasPrefix("model.layers.0.") })
        let both = try moved(Self.layer)
        #expect(both.contains { $0.hasPrefix("model.layers.1.") } && both.allSatisfy { $0.contains("layers.") })
    }

    /// A method that trains one layer leaves one block; embedding and head stay in ratio mode.
    @Test func whatTheMethodFreezesStays() throws {
        let one = try moved(
            Self.layer + ["finetuning_type=freeze", "freeze_trainable_layers=1", "badam_switch_interval=1"])
        #expect(!one.isEmpty && one.allSatisfy { $0.hasPrefix("model.layers.1.") })
        let shares = try moved(Self.ratio)
        #expect(shares.contains("model.layers.0.mlp.up_proj.weight"))
        #expect(!shares.contains("model.embed_tokens.weight") && !shares.contains("lm_head.weight"))
    }

    @Test func theLogFollowsTheBlocks() throws {
        func notes(_ verbosity: Int) throws -> [String] {
            var notes: [String] = []
            _ = try OptimizerRunTests.weights(Self.layer + ["badam_verbose=\(verbosity)"]) {
                if case .note(let text) = $0, text.hasPrefix("BAdam trains") { notes.append(text) }
            }
            return notes
        }
        #expect(try notes(0).isEmpty)
        let blocks = try notes(1)
        #expect(blocks.count == 3 && blocks[0].contains("model.layers.0.") && blocks[1].contains("model.layers.1."))
        #expect(try notes(2).allSatisfy { $0.contains("mlp.up_proj.weight") })
    }

    @Test func tooFewStepsAreSaid() throws {
        var notes: [String] = []
        _ = try OptimizerRunTests.weights(["use_badam=true"]) {
            if case .note(let text) = $0 { notes.append(text) }
        }
        #expect(notes.contains { $0.contains("too few") && $0.contains("badam_switch_interval") })
    }

    @Test func aBlockThatIsNotThereIsRefused() {
        #expect(throws: (any Error).self) { try OptimizerRunTests.weights(Self.layer + ["badam_start_block=2"]) }
    }
}
