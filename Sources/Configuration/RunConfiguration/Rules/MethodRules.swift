extension CrossRule {
    /// Rules between stage, method and their options (finetuning, 1.9 rules 3 to 7 and 13).
    static let method: [CrossRule] = [
        CrossRule(
            Parameters.rewardModel, "stage ppo needs a model that scores answers", hint: "set `reward_model`"
        ) { $0[Parameters.stage] == .ppo && $0[Parameters.rewardModel] == nil },
        CrossRule(
            Parameters.rewardModelType, "a reward adapter needs `finetuning_type: lora`",
            hint: "set `reward_model_type: full`"
        ) {
            $0[Parameters.stage] == .ppo && $0[Parameters.rewardModelType] == "lora"
                && $0[Parameters.finetuningType] != .lora
        },
        CrossRule(
            Parameters.dpoLabelSmoothing, "`dpo_label_smoothing` belongs to the sigmoid loss",
            hint: "set `pref_loss: sigmoid` or take it out"
        ) {
            $0[Parameters.stage] == .dpo && $0[Parameters.prefLoss] != "sigmoid"
                && $0[Parameters.dpoLabelSmoothing] > 1e-6
        },
        CrossRule(
            Parameters.refModel, "nothing in this run is compared with a reference model",
            hint: "take out `ref_model`, or set `stage` to kto, or to dpo with a `pref_loss` that has a reference"
        ) { $0[Parameters.refModel] != nil && !$0.needsReferenceModel },
        CrossRule(
            Parameters.refModelAdapters, "`ref_model_adapters` are those of a reference model of its own",
            hint: "set `ref_model`, to the base model for example"
        ) { $0[Parameters.refModelAdapters] != nil && $0[Parameters.refModel] == nil },
        CrossRule(
            Parameters.useLlamaPro, "`use_llama_pro` goes with freeze or lora", hint: "change `finetuning_type`"
        ) { $0[Parameters.useLlamaPro] && $0[Parameters.finetuningType] == .full },
        CrossRule(
            Parameters.finetuningType, "an adapter cannot be trained with GaLore, APOLLO or BAdam",
            hint: "set `finetuning_type: full`, or take out the optimizer"
        ) { $0[Parameters.finetuningType].trainsAdapter && $0.projectingOptimizers > 0 },
        CrossRule(
            Parameters.useGalore, "GaLore, APOLLO and BAdam exclude each other", hint: "keep one of them"
        ) { $0.projectingOptimizers > 1 },
        CrossRule(
            Parameters.galoreLayerwise, "layer-wise GaLore does not accumulate gradients",
            hint: "set `gradient_accumulation_steps: 1`"
        ) {
            $0[Parameters.useGalore] && $0[Parameters.galoreLayerwise] && $0[Parameters.gradientAccumulationSteps] != 1
        },
        CrossRule(
            Parameters.apolloLayerwise, "layer-wise APOLLO does not accumulate gradients",
            hint: "set `gradient_accumulation_steps: 1`"
        ) {
            $0[Parameters.useApollo] && $0[Parameters.apolloLayerwise] && $0[Parameters.gradientAccumulationSteps] != 1
        },
        CrossRule(
            Parameters.optim, "a layer-wise optimizer does not accumulate gradients",
            hint: "set `gradient_accumulation_steps: 1`"
        ) { $0[Parameters.optim].hasSuffix("_layerwise") && $0[Parameters.gradientAccumulationSteps] != 1 },
        CrossRule(
            Parameters.optim, "a method that brings an optimizer of its own works around AdamW alone",
            hint: "set `optim: adamw_torch`; GaLore and BAdam's layer mode take others"
        ) { !$0.optimizerFitsItsMethod },
        CrossRule(
            Parameters.useMuon, "Muon and Adam-mini do not go with each other, nor with GaLore, APOLLO or BAdam",
            hint: "keep one of them"
        ) {
            let own = [$0[Parameters.useMuon], $0[Parameters.useAdamMini]].count { $0 }
            return own > 1 || own == 1 && $0.projectingOptimizers > 0
        },
        CrossRule(
            Parameters.finetuningType,
            "an adapter's matrices are small already: GaLore and APOLLO are for whole models",
            hint: "set `finetuning_type: full` or freeze, or `optim: adamw_torch`"
        ) { $0[Parameters.finetuningType].trainsAdapter && $0.optimProjects },
        CrossRule(
            Parameters.optim, "this optimizer projects some modules, and none are named",
            hint: "set `optim_target_modules`, for example to all-linear"
        ) { $0.optimProjects && $0[Parameters.optimTargetModules] == nil },
        CrossRule(
            Parameters.optimTargetModules, "only `optim` with GaLore or APOLLO projects the modules named here",
            hint: "take it out, or set `galore_target` with `use_galore`"
        ) { !$0.optimProjects && $0[Parameters.optimTargetModules] != nil },
        CrossRule(
            Parameters.badamSwitchInterval, "BAdam cannot stay on a block for 0 steps",
            hint: "set a number of steps, or -1 to stay for all"
        ) { $0[Parameters.badamSwitchInterval] == 0 },
        CrossRule(
            Parameters.shiftAttn, "stage ppo does not go with shifted attention", hint: "take out `shift_attn`"
        ) { $0[Parameters.stage] == .ppo && $0[Parameters.shiftAttn] },
        CrossRule(
            Parameters.reportTo, "stage ppo reports to wandb or tensorboard only", hint: "change `report_to`"
        ) {
            $0[Parameters.stage] == .ppo
                && !$0[Parameters.reportTo].allSatisfy { ["none", "wandb", "tensorboard"].contains($0) }
        },
        CrossRule(
            Parameters.bf16, "`bf16` and `fp16` exclude each other", hint: "keep `bf16`"
        ) { $0[Parameters.bf16] && $0[Parameters.fp16] },
        CrossRule(
            Parameters.inferBackend, "training uses the built-in engine; other engines are for chat and generation",
            hint: "take out `infer_backend`"
        ) { $0[Parameters.inferBackend] != "huggingface" },
    ]
}

extension RunConfiguration {
    fileprivate var projectingOptimizers: Int {
        [self[Parameters.useGalore], self[Parameters.useApollo], self[Parameters.useBadam]].count { $0 }
    }

    /// Whether `optim` itself is GaLore or APOLLO.
    fileprivate var optimProjects: Bool { ["galore_", "apollo_"].contains { self[Parameters.optim].hasPrefix($0) } }

    /// Whether the method that changes parameters can work with what `optim` names.
    fileprivate var optimizerFitsItsMethod: Bool {
        let adamW = ["adamw_torch", "adamw_torch_fused", "adamw_hf", "paged_adamw_32bit"]
        let optim = self[Parameters.optim]
        if adamW.contains(optim) { return true }
        if self[Parameters.useGalore] {
            return ["adafactor", "adamw_8bit", "adamw_bnb_8bit", "paged_adamw_8bit"].contains(optim)
        }
        if self[Parameters.useBadam] { return self[Parameters.badamMode] == "layer" && !optimProjects }
        return ![Parameters.useApollo, Parameters.useMuon, Parameters.useAdamMini].contains { self[$0] }
    }
}
