import RunConfiguration
import Testing

/// Each kind of error with its place and words.
struct ConfigurationErrorTests {
    @Test(
        arguments: [
            ("lora_rnak", "lora_rank"), ("learning_rat", "learning_rate"), ("per_device_batch_size", nil),
            ("Lora_Rank", "lora_rank"), ("model_name", nil), ("leraning_rate", "learning_rate"), ("xyzzy", nil),
            ("num_epochs", nil), ("num_train_epoch", "num_train_epochs"),
        ] as [(String, String?)])
    func unknownNames(name: String, nearest: String?) throws {
        let error = try #require(problem("seed: 1\n  \n\(name): 3\n"))
        #expect(error.kindName == "unknown_parameter")
        #expect(error.parameter == name)
        #expect(error.file == "run.yaml")
        #expect(error.line == 3)
        #expect(error.column == 1)
        if let nearest { #expect(error.hint == "did you mean `\(nearest)`?") }
    }

    @Test func messagesTellPlaceExpectationAndValue() {
        #expect(
            problem("lora_rank: eight")?.description
                == "run.yaml:1:12: `lora_rank` takes an integer at least 1; `eight` is a text")
        #expect(
            problem("seed: 1\nlora_rank: 0")?.description == "run.yaml:2:12: `lora_rank` must be at least 1, not `0`")
        #expect(
            problem("stage: sfr")?.description
                == "run.yaml:1:8: `stage` must be one of pt, sft, rm, ppo, dpo, kto, not `sfr`")
        #expect(
            problem("lora_rnak: 1")?.description
                == "run.yaml:1:1: there is no parameter `lora_rnak` (did you mean `lora_rank`?)")
        #expect(
            problem("", overrides: ["seed=1", "lora_rank=x"])?.description
                == "override 2: `lora_rank` takes an integer at least 1; `x` is a text")
    }

    @Test(arguments: [
        ("lora_dropout: 1.0", "out_of_range"), ("max_samples: 0", "out_of_range"), ("top_p: 1.5", "out_of_range"),
        ("cutoff_len: 1.5", "wrong_type"), ("plot_loss: maybe", "wrong_type"), ("packing: none", "wrong_type"),
        ("seed: null", "wrong_type"), ("lora_rank: [1]", "wrong_type"), ("learning_rate: .nan", "wrong_type"),
        ("flash_attn: fa9", "not_a_choice"), ("eval_strategy: sometimes", "not_a_choice"),
        ("quantization_bit: 7", "not_a_choice"), ("quantization_bit: none", "not_a_choice"),
        ("lora_rank: 1\nlora_rank: 2", "given_twice"), ("use_cache: true\nuse_kv_cache: true", "given_twice"),
        ("lora_rank: 99999999999999999999999", "wrong_type"), ("- a\n- b", "syntax"), ("just text", "syntax"),
        ("lora_rank: 3\n---\nseed: 1", "syntax"), ("a: [", "syntax"),
    ])
    func kinds(yaml: String, kind: String) {
        #expect(problem(yaml)?.kindName == kind)
    }

    @Test(arguments: [("seed", "malformed_override"), ("=3", "malformed_override"), ("sead=3", "unknown_parameter")])
    func overrides(text: String, kind: String) {
        let error = problem("", overrides: [text])
        #expect(error?.kindName == kind)
        #expect(error?.place?.source == .override(1))
    }

    @Test func everyProblemIsCollected() {
        let (_, problems) = RunConfiguration.read(yaml: "lora_rank: 0\nnonsense: 1\nseed: x", name: "run.yaml")
        #expect(Set(problems.map(\.kindName)) == ["out_of_range", "unknown_parameter", "wrong_type"])
    }

    /// An optimizer that is not built is refused with the nearest that is.
    @Test(arguments: [("lomo", "adafactor"), ("adamw_torch_4bit", "adamw_8bit"), ("schedule_free_sgd", "sgd")])
    func optimizersNotBuiltNameTheNearest(name: String, nearest: String) {
        let error = problem(training("optim: \(name)"))
        #expect(error?.kindName == "refused" && error?.description.contains(name) == true)
        #expect(error?.hint?.contains("use \(nearest)") == true)
    }

    @Test(arguments: [
        "predict_with_generate: true\nval_size: 1",
        "report_to: wandb",
        "task: mmlu_test",
    ])
    func laterWorkIsRefusedByName(lines: String) {
        let error = problem(training(lines))
        #expect(error?.kindName == "not_yet")
        #expect(error?.description.contains("is not available yet") == true)
        #expect(error?.line == 5)
    }

    @Test(arguments: ["fp16: true", "save_safetensors: false", "model_max_length: 100", "fp8: true", "use_kt: true"])
    func someThingsAreRefusedForGood(line: String) {
        let error = problem(training(line))
        #expect(error?.kindName == "refused")
        #expect(error?.hint?.isEmpty == false)
    }

    @Test func defaultsOfLaterWorkAreAccepted() {
        #expect(
            problem(
                training(
                    "use_galore: false", "galore_rank: 16", "quantization_bit: null", "streaming: false",
                    "pref_beta: 0.1", "packing: false", "moe_aux_loss_coef: null", "export_size: 1", "num_beams: 1",
                    "length_penalty: 1", "image_resolution: 512x512", "dpo_label_smoothing: 0")) == nil)
    }
}
