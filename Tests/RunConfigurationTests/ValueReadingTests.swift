import RunConfiguration
import Testing

/// How written values become typed ones.
struct ValueReadingTests {
    private func read(_ yaml: String, overrides: [String] = []) throws -> RunConfiguration {
        try RunConfiguration.parse(yaml: yaml, name: "run.yaml", overrides: overrides)
    }

    @Test(arguments: ["1e-4", "1.0e-4", "1.e-4", "0.0001", "1E-4", "'1e-4'", "\"0.0001\""])
    func floats(text: String) throws {
        #expect(try read("learning_rate: \(text)")[Parameters.learningRate] == 1e-4)
    }

    @Test(arguments: [
        ("yes", true), ("Yes", true), ("on", true), ("TRUE", true), ("1", true), ("'true'", true), ("no", false),
        ("Off", false), ("false", false), ("0", false), ("'no'", false),
    ])
    func booleans(text: String, expected: Bool) throws {
        #expect(try read("plot_loss: \(text)")[Parameters.plotLoss] == expected)
    }

    @Test(arguments: [("12", 12), ("0x10", 16), ("010", 8), ("1_000", 1000), ("1e3", 1000), ("'100'", 100), ("+7", 7)])
    func integers(text: String, expected: Int) throws {
        #expect(try read("cutoff_len: \(text)")[Parameters.cutoffLen] == expected)
    }

    @Test(arguments: ["null", "~", "Null", ""])
    func nulls(text: String) throws {
        let configuration = try read("lora_alpha: \(text)")
        #expect(configuration[Parameters.loraAlpha] == nil)
        #expect(configuration.isExplicit(Parameters.loraAlpha))
    }

    @Test func lists() throws {
        #expect(try read("lora_target: q_proj , v_proj")[Parameters.loraTarget] == ["q_proj", "v_proj"])
        #expect(try read("lora_target: [q_proj, v_proj]")[Parameters.loraTarget] == ["q_proj", "v_proj"])
        #expect(try read("dataset: 2024")[Parameters.dataset] == ["2024"])
        #expect(try read("adapter_name_or_path: ''")[Parameters.adapterNameOrPath] == nil)
        let adapters = try read("adapter_name_or_path: a,b/c\nadapter_folder: inner")
        #expect(adapters.adapterPaths == ["a/inner", "b/c/inner"])
        #expect(try read("interleave_probs: 0.25,0.75")[Parameters.interleaveProbs] == [0.25, 0.75])
        #expect(problem("interleave_probs: 0.5")?.kindName == "wrong_type")
    }

    @Test func valueSizeTellsRowsFromShares() throws {
        #expect(try read("val_size: 1")[Parameters.valSize] == .count(1))
        #expect(try read("val_size: 0.1")[Parameters.valSize] == .fraction(0.1))
        #expect(try read("val_size: 1.0")[Parameters.valSize] == .fraction(1))
        #expect(problem(training("val_size: 1.0"))?.kindName == "conflict")
        #expect(problem(training("val_size: 1")) == nil)
    }

    @Test func aBareNoIsAWordWhereWordsAreExpected() throws {
        #expect(try read("save_strategy: no")[Parameters.saveStrategy] == .no)
        #expect(try read("save_strategy: 'no'")[Parameters.saveStrategy] == .no)
        #expect(problem("template: no")?.kindName == "wrong_type")
    }

    @Test func specialTypes() throws {
        #expect(try read("resume_from_checkpoint: true")[Parameters.resumeFromCheckpoint] == .newest)
        #expect(try read("resume_from_checkpoint: out/c")[Parameters.resumeFromCheckpoint] == .path("out/c"))
        #expect(try read("include_num_input_tokens_seen: true")[Parameters.includeNumInputTokensSeen] == .all)
        #expect(
            try read("include_num_input_tokens_seen: non_padding")[Parameters.includeNumInputTokensSeen] == .nonPadding)
        #expect(try read("image_resolution: 64x32")[Parameters.imageResolution].pixels == 2048)
        let options = try read("lr_scheduler_kwargs: '{\"num_cycles\": 2}'")[Parameters.lrSchedulerKwargs]
        #expect(options?.number("num_cycles") == 2)
        #expect(try read("max_grad_norm: null")[Parameters.maxGradNorm] == nil)
    }

    @Test func overridesWin() throws {
        let configuration = try read(
            "lora_rank: 8\nuse_cache: true\nlr_scheduler_kwargs: {num_cycles: 1, min_lr: 0.1}",
            overrides: [
                "lora_rank=4", "use_kv_cache=false", "default_system=You are: a #helper", "lora_target=[a, b]",
                "lr_scheduler_kwargs.num_cycles=3", "lora_rank=2", "output_dir=a=b", "lora_alpha=",
            ])
        #expect(configuration[Parameters.loraRank] == 2)
        #expect(!configuration[Parameters.useCache])
        #expect(configuration[Parameters.defaultSystem] == "You are: a #helper")
        #expect(configuration[Parameters.loraTarget] == ["a", "b"])
        #expect(configuration[Parameters.lrSchedulerKwargs]?.number("num_cycles") == 3)
        #expect(configuration[Parameters.lrSchedulerKwargs]?.number("min_lr") == 0.1)
        #expect(configuration[Parameters.outputDir] == "a=b")
        #expect(configuration[Parameters.loraAlpha] == nil)
    }

    @Test func derivedSettings() throws {
        #expect(try read("lora_rank: 4\nlora_alpha: 0").loraAlphaInEffect == 8)
        #expect(try read("stage: pt\npacking: true\ncutoff_len: 100").cutoffLengthInEffect == 99)
        #expect(try !read("stage: pt\npacking: false").packs)
        #expect(try read("packing: false\nneat_packing: true").packs)
        #expect(try !read("stage: sft").packs)
        let best = try read("load_best_model_at_end: true")
        #expect(best.bestModelMetric == "eval_loss")
        #expect(!best.largerMetricIsBetter)
        let accuracy = try read("metric_for_best_model: accuracy")
        #expect(accuracy.bestModelMetric == "eval_accuracy")
        #expect(accuracy.largerMetricIsBetter)
        #expect(try read("seed: 7").dataSeed == 7)
        #expect(try read("eval_strategy: steps\nlogging_steps: 3").evaluationSteps == 3)
    }
}

/// Access tokens stay where they were written.
struct SecretTests {
    static let names = [
        "hf_hub_token", "ms_hub_token", "om_hub_token", "hub_token", "swanlab_api_key", "swanlab_lark_webhook_url",
        "swanlab_lark_secret",
    ]

    @Test(arguments: names) func aTokenIsReadAndShownNowhere(name: String) throws {
        let configuration = try RunConfiguration.parse(yaml: "\(name): hf_secret\nseed: 7\n", name: "run.yaml")
        #expect(configuration.secrets == [name])
        #expect(configuration[Parameters.hfHubToken] == (name == "hf_hub_token" ? "hf_secret" : nil))
        #expect(configuration.explicitValues == .mapping([.init("seed", .integer(7))]))
        let everything = "\(configuration.explicitValues)\(configuration.effectiveValues)\(configuration.notes)"
        #expect(!everything.contains("hf_secret"))
        #expect(configuration.notes == ["`\(name)` is not kept with the job, which has no network"])
    }

    @Test(arguments: names) func aWrongTokenIsNotRepeated(name: String) {
        let (_, problems) = RunConfiguration.read(yaml: "\(name): [hf_secret]\n", name: "run.yaml")
        #expect(problems.count == 1)
        #expect(!problems.map(\.description).joined().contains("hf_secret"))
    }
}
