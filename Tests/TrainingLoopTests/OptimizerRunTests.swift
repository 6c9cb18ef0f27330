import Testing
import TrainingLoop

/// Runs with optimizers and methods of every kind: they can be interrupted, planned, and stopped from being combined.
struct OptimizerRunTests {
    static let short = [
        "max_steps=4", "eval_strategy=no", "do_eval=false", "load_best_model_at_end=false",
        "gradient_accumulation_steps=1",
    ]
    static let galore = [
        "use_galore=true", "galore_rank=4", "galore_update_interval=2", "galore_scale=1.0", "max_grad_norm=0",
    ]
    static let apollo = ["use_apollo=true", "apollo_rank=4", "apollo_update_interval=2", "apollo_scale=4.0"]
    static let badam = ["use_badam=true", "badam_switch_interval=2"]

    static let variants = [
        ["optim=sgd", "optim_args=momentum=0.9,nesterov=true"], ["optim=adafactor"], ["optim=adamw_8bit"],
        ["optim=ademamix"], ["use_muon=true"], ["use_adam_mini=true"], galore, galore + ["galore_layerwise=true"],
        galore + ["galore_proj_type=full", "optim=adamw_8bit"], apollo + ["apollo_proj=svd"], apollo, badam,
        badam + ["badam_switch_mode=random", "optim=adafactor"],
        ["use_badam=true", "badam_mode=ratio", "badam_update_ratio=0.3", "badam_mask_mode=scatter"],
        ["optim=galore_adamw_layerwise", "optim_target_modules=mlp", "optim_args=rank=4,update_proj_gap=2"],
        ["optim=apollo_adamw", "optim_target_modules=all-linear", "optim_args=rank=4,scale=4"],
    ]

    /// The weights that a short run leaves.
    static func weights(_ overrides: [String], events: (TrainingEvent) -> Void = { _ in }) throws -> [UInt8] {
        let fixture = RunFixture()
        try fixture.run("sft-full", short + ["save_strategy=no"] + overrides, events: events)
        return try fixture.bytes("model.safetensors")
    }

    @Test(arguments: variants) func everyCheckpointLeadsToTheSameEnd(variant: [String]) throws {
        try RunFixture.expectEveryCheckpointLeadsToTheSameEnd("sft-full", Self.short + variant)
    }

    /// A checkpoint of another optimizer is refused by name.
    @Test func stateOfAnotherOptimizerIsRefused() throws {
        let fixture = RunFixture()
        try fixture.run("sft-full", Self.short + ["save_strategy=steps", "save_steps=2"])
        let error = #expect(throws: (any Error).self) {
            try RunFixture().run(
                "sft-full",
                Self.short + ["optim=adafactor", "resume_from_checkpoint=\(fixture.output)/checkpoint-2"])
        }
        #expect("\(try #require(error))".contains("exp_avg_sq_row"))
    }

    /// What the log says of memory is what the plan has.
    @Test func theLogTellsTheOptimizerAndItsMemory() throws {
        var notes: [String] = []
        _ = try Self.weights(Self.galore) { if case .note(let text) = $0 { notes.append(text) } }
        let line = try #require(notes.first { $0.hasPrefix("optimizer:") })
        #expect(line.contains("GaLore around adamw_torch") && line.contains("AdamW would keep"))
    }
}
