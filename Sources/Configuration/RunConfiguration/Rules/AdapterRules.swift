extension CrossRule {
    /// Rules between the settings of adapters (finetuning, 1.9 rules 8 and 9, 2.9 and 2.10).
    static let adapters: [CrossRule] = [
        CrossRule(
            Parameters.pissaInit, "PiSSA changes the base, which this stage needs as its reference",
            hint: "take out `pissa_init`"
        ) { $0[Parameters.pissaInit] && $0.needsReferenceModel },
        loraOnly(Parameters.loraplusLrRatio) { $0[Parameters.loraplusLrRatio] != nil },
        loraOnly(Parameters.useRslora) { $0[Parameters.useRslora] },
        loraOnly(Parameters.useDora) { $0[Parameters.useDora] },
        loraOnly(Parameters.pissaInit) { $0[Parameters.pissaInit] },
        CrossRule(
            Parameters.adapterNameOrPath, "adapters go with `finetuning_type: lora` or oft only",
            hint: "take out `adapter_name_or_path`, or train an adapter"
        ) { $0[Parameters.adapterNameOrPath] != nil && !$0[Parameters.finetuningType].trainsAdapter },
        CrossRule(
            Parameters.adapterFolder, "`adapter_folder` is a folder inside the adapters' own",
            hint: "give a relative path without .., and `adapter_name_or_path`"
        ) { configuration in
            guard let folder = configuration[Parameters.adapterFolder] else { return false }
            return folder.hasPrefix("/") || folder.split(separator: "/").contains("..")
                || configuration[Parameters.adapterNameOrPath] == nil
        },
        CrossRule(
            Parameters.pissaConvert, "only an adapter that starts by PiSSA can be converted",
            hint: "set `pissa_init: true` or take out `pissa_convert`"
        ) { $0[Parameters.pissaConvert] && !$0[Parameters.pissaInit] },
        CrossRule(
            Parameters.pissaInit, "a PiSSA adapter is saved as a difference, which DoRA's magnitudes have none of",
            hint: "keep `pissa_init` or `use_dora`"
        ) { $0[Parameters.pissaInit] && $0[Parameters.useDora] },
        CrossRule(
            Parameters.pissaInit, "PiSSA starts a fresh adapter, and training is to go on with one",
            hint: "take out `pissa_init`, or set `create_new_adapter: true`"
        ) {
            $0[Parameters.pissaInit] && $0[Parameters.adapterNameOrPath] != nil && !$0[Parameters.createNewAdapter]
        },
        CrossRule(
            Parameters.oftBlockSize, "one of `oft_rank` and `oft_block_size` follows from the other",
            hint: "set one of them to 0, the other above"
        ) {
            $0[Parameters.finetuningType] == .oft
                && ($0[Parameters.oftRank] > 0) == ($0[Parameters.oftBlockSize] > 0)
        },
    ]

    private static func loraOnly<Value>(
        _ parameter: Parameter<Value>, when isSet: @escaping @Sendable (RunConfiguration) -> Bool
    ) -> CrossRule {
        CrossRule(
            parameter, "`\(parameter.name)` is for LoRA only",
            hint: "set `finetuning_type: lora` or take out `\(parameter.name)`"
        ) { isSet($0) && $0[Parameters.finetuningType] != .lora }
    }
}

extension RunConfiguration {
    package var needsReferenceModel: Bool {
        switch self[Parameters.stage] {
        case .ppo, .kto: true
        case .dpo: !["orpo", "simpo"].contains(self[Parameters.prefLoss])
        case .sft: self[Parameters.useAsftLoss]
        case .pt, .rm: false
        }
    }
}
