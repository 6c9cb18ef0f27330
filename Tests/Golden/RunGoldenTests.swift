import Testing

/// Whole training runs must give the reference's numbers at every step, and its weights at the end.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct RunGoldenTests {
    @Test(arguments: [
        ("sft-lora", "adapter_model.safetensors"), ("sft-full", "model.safetensors"),
        ("pt-full", "model.safetensors"), ("sft-packing", "adapter_model.safetensors"),
        ("freeze-first-3-mlp", "model.safetensors"), ("freeze-last-1-two", "model.safetensors"),
        ("lora-two", "adapter_model.safetensors"), ("lora-patterns", "adapter_model.safetensors"),
        ("lora-rs-dora", "adapter_model.safetensors"), ("lora-norms", "adapter_model.safetensors"),
        ("lora-loraplus-embedding", "adapter_model.safetensors"),
        ("family-mistral", "adapter_model.safetensors"), ("family-gemma2", "adapter_model.safetensors"),
        ("family-mixtral", "adapter_model.safetensors"), ("moe-aux-mixtral", "adapter_model.safetensors"),
        ("pack-neat-prompt", "adapter_model.safetensors"),
        ("qlora-nf4-double", "adapter_model.safetensors"),
    ])
    func agreesWithReference(name: String, weights: String) throws {
        let run = try GoldenRun(name)
        try run.perform()
        try run.expectSameHistory()
        try run.expectSameWeights(weights)
    }

    /// Preference learning and reward models, with every figure of their records.
    @Test(arguments: [
        "dpo-sigmoid", "dpo-hinge", "dpo-ipo", "dpo-kto-pair", "dpo-orpo-ftx", "dpo-bco", "dpo-ld-alpha", "dpo-eval",
        "dpo-full", "dpo-two-adapters", "kto", "kto-eval", "kto-one-kind", "rm-lora", "rm-full",
    ])
    func learnsFromPreferences(name: String) throws {
        let run = try GoldenRun(name)
        try run.perform()
        try run.expectSameHistory(includingFigures: true)
        try run.expectSameWeights(name.hasSuffix("full") ? "model.safetensors" : "adapter_model.safetensors")
        if name.hasPrefix("rm") {
            try run.expectSameWeights("value_head.safetensors")
            try run.expectSameScores()
        }
    }

    /// PiSSA: the converted adapter, and the output itself, which is one.
    @Test(arguments: ["pissa_converted/adapter_model.safetensors", "adapter_model.safetensors"])
    func convertsAsTheReference(file: String) throws {
        let run = try GoldenRun("pissa-subset")
        try run.perform()
        try run.expectSameHistory()
        try run.expectSameProducts(file, as: "final_pissa_converted.safetensors")
    }
}
