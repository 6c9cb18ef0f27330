import Testing
import TrainingLoop

/// Every parameter of GaLore and APOLLO acts.
struct LowRankRunTests {
    private static let galore = OptimizerRunTests.galore
    private static let apollo = OptimizerRunTests.apollo

    @Test(arguments: [
        ["galore_target=mlp"], ["galore_rank=2"], ["galore_update_interval=3"], ["galore_scale=0.5"],
        ["galore_proj_type=reverse_std"], ["galore_proj_type=left"], ["galore_proj_type=full"], ["optim=adafactor"],
        ["optim=adamw_8bit"], ["weight_decay=0"], ["adam_beta2=0.9"],
    ])
    func galoresParametersAct(change: [String]) throws {
        #expect(
            try OptimizerRunTests.weights(Self.galore + change) != OptimizerRunTests.weights(Self.galore))
    }

    @Test(arguments: [
        ["apollo_target=self_attn"], ["apollo_rank=2"], ["apollo_update_interval=3"], ["apollo_scale=9.0"],
        ["apollo_proj=svd"], ["apollo_proj_type=left"], ["apollo_proj_type=right"], ["apollo_scale_type=tensor"],
        ["weight_decay=0"], ["seed=8", "data_seed=7"],
    ])
    func apollosParametersAct(change: [String]) throws {
        #expect(try OptimizerRunTests.weights(Self.apollo + change) != OptimizerRunTests.weights(Self.apollo))
    }

    /// Layer by layer is the same run without clipping, bit for bit, whether blocks are computed again or not.
    @Test(arguments: [galore, ["use_apollo=true", "apollo_rank=4", "max_grad_norm=0"]])
    func layerByLayerChangesNoBit(method: [String]) throws {
        let name = method[0].contains("galore") ? "galore" : "apollo"
        let expected = try OptimizerRunTests.weights(method)
        let layerwise = method + ["\(name)_layerwise=true"]
        #expect(try OptimizerRunTests.weights(layerwise) == expected)
        #expect(try OptimizerRunTests.weights(layerwise + ["disable_gradient_checkpointing=false"]) == expected)
        #expect(try OptimizerRunTests.weights(layerwise + ["max_grad_norm=0.01"]) == expected)
        #expect(try OptimizerRunTests.weights(method + ["max_grad_norm=0.01"]) != expected)
    }

    /// The trainer's own names set up the same.
    @Test func optimNamesGaLoreToo() throws {
        let arguments = "optim_args=rank=4,update_proj_gap=2,scale=1.0,proj_type=left"
        let named = try OptimizerRunTests.weights([
            "optim=galore_adamw", "optim_target_modules=.*mlp.*,self_attn", arguments,
        ])
        #expect(
            try OptimizerRunTests.weights(
                OptimizerRunTests.galore + ["galore_proj_type=left", "max_grad_norm=1.0"]) == named)
        #expect(
            try OptimizerRunTests.weights([
                "optim=galore_adamw", "optim_target_modules=mlp", arguments,
            ]) != named)
    }

    @Test(arguments: [
        ["optim=galore_adamw", "optim_target_modules=nothing"],
        ["optim=galore_adamw", "optim_target_modules=mlp", "optim_args=rank=0"],
        ["optim=galore_adamw", "optim_target_modules=mlp", "optim_args=momentum=1"],
        ["optim=apollo_adamw", "optim_target_modules=mlp", "optim_args=proj_type=full"],
        ["optim=galore_adamw", "optim_target_modules=("],
        ["use_galore=true", "galore_target=embed_tokens"], ["use_apollo=true", "apollo_target=nothing"],
    ])
    func whatCannotBeIsRefused(overrides: [String]) {
        #expect(throws: (any Error).self) { try OptimizerRunTests.weights(overrides) }
    }
}
