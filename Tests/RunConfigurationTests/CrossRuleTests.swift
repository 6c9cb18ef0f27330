import RunConfiguration
import Testing

/// Rules between parameters: each is broken once, and kept once nearby.
struct CrossRuleTests {
    @Test func aSmallestConfigurationIsValid() {
        #expect(problem(training()) == nil)
        #expect(problem("model_name_or_path: m\nstage: pt\ndataset: d\ndo_train: true") == nil)
    }

    @Test(arguments: [
        ("do_train: true\ndataset: d\ntemplate: t", "model_name_or_path"),
        ("model_name_or_path: m\ndo_train: true\ntemplate: t", "dataset"),
        ("model_name_or_path: m\ndataset: d\ntemplate: t", "do_train"),
        ("model_name_or_path: m\ntemplate: t\ndo_train: true\nval_size: 0.1", "val_size"),
    ])
    func missing(yaml: String, parameter: String) { expectConflict(yaml, parameter) }

    @Test(arguments: [
        "mix_strategy: interleave_over\ninterleave_probs: 0.5,0.6",
        "mix_strategy: interleave_once\ninterleave_probs: 1.5,-0.5",
    ])
    func probabilitiesAddUpToOne(lines: String) {
        expectConflict(
            "model_name_or_path: m\ndo_train: true\ntemplate: t\ndataset: a,b\n\(lines)", "interleave_probs")
    }

    /// What DeepSpeed would do otherwise than the run says is refused, as a mapping and in a file.
    @Test(arguments: [
        (#"{"optimizer": {"type": "Adam"}}"#, "optimizer"), (#"{"scheduler": {"type": "WarmupLR"}}"#, "scheduler"),
        (#"{"gradient_clipping": 0.5}"#, "gradient_clipping"),
        (#"{"gradient_accumulation_steps": 2}"#, "gradient_accumulation_steps"),
        (#"{"train_micro_batch_size_per_gpu": 1}"#, "train_micro_batch_size_per_gpu"),
        (#"{"train_batch_size": 9}"#, "train_batch_size"), (#"{"fp16": {"enabled": true}}"#, "fp16"),
        (#"{"curriculum_learning": {"enabled": true}}"#, "curriculum_learning"),
    ])
    func deepSpeedSettingsThatWouldAct(settings: String, entry: String) throws {
        let error = problem(training("deepspeed: \(settings)"))
        #expect(error?.parameter == "deepspeed" && error?.description.contains("`\(entry)`") == true)
        let configuration = try RunConfiguration.parse(yaml: training("deepspeed: ds.json"), name: "c")
        #expect(problem(training("deepspeed: ds.json")) == nil)
        let inFile = #expect(throws: ConfigurationError.self) {
            try configuration.checkDeepSpeed(fileContents: settings, path: "/ds.json")
        }
        #expect(inFile?.description.contains("/ds.json: `\(entry)`") == true)
    }

    @Test func deepSpeedSettingsThatChangeNothing() throws {
        let settings = """
            {"optimizer": "auto", "scheduler": null, "gradient_clipping": "auto", "gradient_accumulation_steps": 1,
             "train_batch_size": 8, "train_micro_batch_size_per_gpu": 8.0, "fp16": {"enabled": "auto"},
             "bf16": {"enabled": true}, "zero_optimization": {"stage": 3}}
            """
        #expect(problem(training("deepspeed: \(settings)")) == nil)
        try RunConfiguration.parse(yaml: training("deepspeed: ds.json"), name: "c")
            .checkDeepSpeed(fileContents: settings, path: "/ds.json")
    }

    private func expectConflict(_ yaml: String, _ parameter: String) {
        let error = problem(yaml)
        #expect(error?.kindName == "conflict")
        #expect(error?.parameter == parameter)
        #expect(error?.hint?.isEmpty == false)
    }

    @Test(arguments: [
        ("val_size: 0.1\neval_dataset: e", "val_size"),
        ("interleave_probs: 0.5,0.5", "interleave_probs"),
        ("mix_strategy: interleave_over\ninterleave_probs: 0.5,0.5", "interleave_probs"),
        ("packing: true\ncutoff_len: 1", "cutoff_len"),
        ("neat_packing: true\npacking: false\ncutoff_len: 1", "cutoff_len"),
        ("streaming: true\nmax_steps: 5\nval_size: 0.5", "streaming"),
        ("streaming: true\nmax_steps: 5\nmax_samples: 5", "max_samples"),
        ("streaming: true", "streaming"),
        ("mask_history: true\ntrain_on_prompt: true", "mask_history"),
        ("stage: pt\nmask_history: true", "mask_history"),
        ("stage: pt\ntrain_on_prompt: true", "train_on_prompt"),
        ("stage: pt\nneat_packing: true", "neat_packing"),
        ("stage: pt\npredict_with_generate: true", "predict_with_generate"),
        ("do_predict: true", "do_predict"),
        ("stage: rm\nload_best_model_at_end: true", "load_best_model_at_end"),
        ("stage: ppo", "reward_model"),
        ("stage: ppo\nreward_model: r\nfinetuning_type: full", "reward_model_type"),
        ("stage: dpo\npref_loss: ipo\ndpo_label_smoothing: 0.1", "dpo_label_smoothing"),
        ("stage: kto\npissa_init: true", "pissa_init"),
        ("stage: dpo\npissa_init: true", "pissa_init"),
        ("finetuning_type: oft\npissa_init: true", "pissa_init"),
        ("pissa_init: true\nuse_dora: true", "pissa_init"),
        ("pissa_init: true\nadapter_name_or_path: a", "pissa_init"),
        ("pissa_convert: true", "pissa_convert"),
        ("adapter_name_or_path: a\nadapter_folder: ../b", "adapter_folder"),
        ("adapter_name_or_path: a\nadapter_folder: /b", "adapter_folder"),
        ("adapter_folder: b", "adapter_folder"),
        ("finetuning_type: oft\noft_rank: 4", "oft_block_size"),
        ("finetuning_type: oft\noft_block_size: 0", "oft_block_size"),
        ("finetuning_type: oft\nuse_galore: true", "finetuning_type"),
        ("finetuning_type: oft\nloraplus_lr_ratio: 4", "loraplus_lr_ratio"),
        ("finetuning_type: full\nuse_llama_pro: true", "use_llama_pro"),
        ("use_galore: true", "finetuning_type"),
        ("finetuning_type: full\nuse_galore: true\nuse_badam: true", "use_galore"),
        ("finetuning_type: full\nuse_rslora: true", "use_rslora"),
        ("finetuning_type: full\nuse_dora: true", "use_dora"),
        ("finetuning_type: full\nloraplus_lr_ratio: 16", "loraplus_lr_ratio"),
        ("finetuning_type: full\nadapter_name_or_path: a", "adapter_name_or_path"),
        (
            "finetuning_type: full\nuse_galore: true\ngalore_layerwise: true\ngradient_accumulation_steps: 2",
            "galore_layerwise"
        ),
        ("finetuning_type: full\nquantization_bit: 4", "quantization_bit"),
        ("quantization_bit: 3", "quantization_bit"),
        ("quantization_bit: 4\nquantization_method: eetq", "quantization_bit"),
        ("quantization_bit: 4\nresize_vocab: true", "resize_vocab"),
        ("quantization_bit: 4\nfinetuning_type: freeze", "quantization_bit"),
        ("quantization_bit: 4\nquantization_method: hqq\nuse_dora: true", "use_dora"),
        ("quantization_bit: 4\ntrain_from_scratch: true", "train_from_scratch"),
        ("quantization_bit: 8\nquantization_device_map: auto", "quantization_device_map"),
        ("quantization_bit: 4\nadapter_name_or_path: a,b", "adapter_name_or_path"),
        ("quantization_bit: 4\nquantization_device_map: auto", "quantization_device_map"),
        ("split_special_tokens: true", "split_special_tokens"),
        ("export_quantization_bit: 4", "export_quantization_bit"),
        ("bf16: true\nfp16: true", "bf16"),
        ("infer_backend: vllm", "infer_backend"),
        ("eval_strategy: steps", "eval_dataset"),
        ("do_eval: true", "eval_dataset"),
        ("val_size: 2\nload_best_model_at_end: true", "load_best_model_at_end"),
        ("val_size: 2\nload_best_model_at_end: true\neval_strategy: epoch", "load_best_model_at_end"),
        ("val_size: 2\nload_best_model_at_end: true\neval_strategy: steps\nsave_steps: 7\neval_steps: 3", "save_steps"),
        ("val_size: 2\neval_strategy: steps\nsave_strategy: best", "save_strategy"),
        ("lr_scheduler_type: reduce_lr_on_plateau", "lr_scheduler_type"),
        ("lr_scheduler_type: cosine_with_min_lr", "lr_scheduler_kwargs"),
        (
            "lr_scheduler_type: cosine_with_min_lr\nlr_scheduler_kwargs: {min_lr: 0, min_lr_rate: 0}",
            "lr_scheduler_kwargs"
        ),
        ("lr_scheduler_type: polynomial\nlearning_rate: 1e-8", "lr_scheduler_kwargs"),
        ("lr_scheduler_kwargs: {num_cycles: 2}", "lr_scheduler_kwargs"),
        ("val_size: 1.5", "val_size"), ("val_size: -1", "val_size"),
        ("train_new_tokens_only: true", "train_new_tokens_only"),
        ("train_new_tokens_only: true\nadd_tokens: a\nweight_decay: 0.1", "train_new_tokens_only"),
        ("use_unsloth: true\nadapter_name_or_path: a,b", "use_unsloth"),
        ("stage: pt\nuse_dft_loss: true", "use_dft_loss"),
        ("use_dft_loss: true\nuse_eaft_loss: true", "use_dft_loss"),
        ("use_asft_loss: true\nlabel_smoothing_factor: 0.1", "label_smoothing_factor"),
        ("stage: rm\ncompute_accuracy: true", "compute_accuracy"),
        ("stage: dpo\nneftune_noise_alpha: 5", "neftune_noise_alpha"),
        ("use_asft_loss: true\npissa_init: true", "pissa_init"),
        ("early_stopping_steps: 2", "early_stopping_steps"),
        ("streaming: true\nmax_steps: 2\ngroup_by_length: true", "train_sampling_strategy"),
        ("streaming: true\nmax_steps: 2\ntrain_sampling_strategy: sequential", "disable_shuffling"),
        (
            "streaming: true\nmax_steps: 2\ninclude_effective_tokens_per_second: true",
            "include_effective_tokens_per_second"
        ),
    ])
    func contradictions(lines: String, parameter: String) {
        let error = problem(training(lines))
        #expect(error?.kindName == "conflict", "\(String(describing: error))")
        #expect(error?.parameter == parameter, "\(String(describing: error))")
    }

    @Test(arguments: [
        "val_size: 2\neval_strategy: steps\nload_best_model_at_end: true\nsave_steps: 6\neval_steps: 3",
        "val_size: 0.1\neval_strategy: steps\nload_best_model_at_end: true\nsave_steps: 0.2\neval_steps: 0.1",
        "eval_dataset: e\neval_strategy: epoch\nsave_strategy: epoch\nload_best_model_at_end: true",
        "val_size: 2\neval_strategy: steps\nsave_strategy: best\nmetric_for_best_model: loss",
        "lr_scheduler_type: cosine_with_min_lr\nlr_scheduler_kwargs: {min_lr_rate: 0.1}",
        "lr_scheduler_type: warmup_stable_decay\nlr_scheduler_kwargs: {num_decay_steps: 3, decay_type: linear}",
        "finetuning_type: lora\nuse_rslora: true\nadapter_name_or_path: a,b\ncreate_new_adapter: true",
        "stage: pt\npacking: true", "mask_history: true", "train_on_prompt: true", "bf16: true",
        "save_strategy: no\nreport_to: none\noptim: adamw_torch\nuse_cpu: true\ndisable_shuffling: true",
    ])
    func agreements(lines: String) {
        #expect(problem(training(lines)) == nil)
    }

    @Test func inferenceHasItsOwnRules() {
        #expect(problem("model_name_or_path: m", for: .inference) == nil)
        #expect(problem("template: t", for: .inference)?.parameter == "model_name_or_path")
        #expect(
            problem("model_name_or_path: m\ninfer_backend: vllm\nquantization_bit: 4", for: .inference)?.parameter
                == "quantization_bit")
        #expect(problem("model_name_or_path: m\ninfer_backend: vllm", for: .inference)?.kindName == "not_yet")
        #expect(problem("model_name_or_path: m\nnum_beams: 4", for: .inference)?.kindName == "not_yet")
        #expect(
            problem("model_name_or_path: m\nadapter_name_or_path: a\nfinetuning_type: full", for: .inference)?.kindName
                == "conflict")
    }
}
