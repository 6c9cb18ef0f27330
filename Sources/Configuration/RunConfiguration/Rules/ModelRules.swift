extension CrossRule {
    /// Rules about the model that hold for every use (training-and-inference, 1.5).
    static let model: [CrossRule] = [
        CrossRule(
            Parameters.modelNameOrPath, "no model is given",
            hint: "set `model_name_or_path` to a model's folder or name"
        ) { $0[Parameters.modelNameOrPath]?.isBlank ?? true },
        CrossRule(
            Parameters.splitSpecialTokens, "`split_special_tokens` works with slow tokenizers only",
            hint: "set `use_fast_tokenizer: false` as well"
        ) { $0[Parameters.splitSpecialTokens] && $0[Parameters.useFastTokenizer] },
        CrossRule(
            Parameters.trainNewTokensOnly, "there are no new tokens whose rows could be trained",
            hint: "set `new_special_tokens`, `new_special_tokens_config` or `add_tokens`"
        ) { $0[Parameters.trainNewTokensOnly] && !$0.addsTokens },
        CrossRule(
            Parameters.trainNewTokensOnly, "weight decay would move the rows that are to stay as they were",
            hint: "take out `weight_decay`"
        ) { $0[Parameters.trainNewTokensOnly] && $0[Parameters.weightDecay] > 0 },
        CrossRule(
            Parameters.useUnsloth, "`use_unsloth` takes one adapter", hint: "merge the others first, or take it out"
        ) { $0[Parameters.useUnsloth] && ($0[Parameters.adapterNameOrPath] ?? []).count > 1 },
        CrossRule(
            Parameters.exportQuantizationBit, "a quantized export is calibrated on data, and none is given",
            hint: "set `export_quantization_dataset`"
        ) { $0[Parameters.exportQuantizationBit] != nil && $0[Parameters.exportQuantizationDataset] == nil },
        CrossRule(
            Parameters.ropeScalingFactor,
            "`rope_scaling_factor` says how far `rope_scaling` stretches, which is not set",
            hint: "set `rope_scaling` to linear, dynamic, yarn or llama3"
        ) { $0[Parameters.ropeScalingFactor] != nil && $0[Parameters.ropeScaling] == nil },
    ]

    /// Rules of inference (training-and-inference, 1.5).
    static let inference: [CrossRule] = [
        CrossRule(
            Parameters.adapterNameOrPath, "adapters go with `finetuning_type: lora` or oft only",
            hint: "take out `adapter_name_or_path` or `finetuning_type`"
        ) { $0[Parameters.adapterNameOrPath] != nil && !$0[Parameters.finetuningType].trainsAdapter },
        CrossRule(
            Parameters.stage, "the vllm engine runs models of stage sft only", hint: "set `infer_backend: huggingface`"
        ) { $0.usesVLLM && $0[Parameters.stage] != .sft },
        CrossRule(
            Parameters.quantizationBit, "the vllm engine does not quantize while loading",
            hint: "set `infer_backend: huggingface`"
        ) { $0.usesVLLM && $0[Parameters.quantizationBit] != nil },
        CrossRule(
            Parameters.ropeScaling, "the vllm engine does not stretch position encodings",
            hint: "set `infer_backend: huggingface`"
        ) { $0.usesVLLM && $0[Parameters.ropeScaling] != nil },
        CrossRule(
            Parameters.adapterNameOrPath, "the vllm engine takes a single adapter", hint: "merge them first"
        ) { $0.usesVLLM && ($0[Parameters.adapterNameOrPath]?.count ?? 0) > 1 },
    ]

    /// Rules of exports (training-and-inference, 7.1).
    static let export: [CrossRule] = [
        CrossRule(
            Parameters.exportDir, "no folder is given to export into", hint: "set `export_dir`"
        ) { $0[Parameters.exportDir]?.isBlank ?? true },
        CrossRule(
            Parameters.adapterNameOrPath, "adapters go with `finetuning_type: lora` only",
            hint: "take out `adapter_name_or_path` or `finetuning_type`"
        ) { $0[Parameters.adapterNameOrPath] != nil && $0[Parameters.finetuningType] != .lora },
        CrossRule(
            Parameters.trainFromScratch, "random weights are not worth an export", hint: "take out `train_from_scratch`"
        ) { $0[Parameters.trainFromScratch] },
        CrossRule(
            Parameters.evalDataset, "an export's perplexity is that of texts or dialogues",
            hint: "take out `eval_dataset`, or name data of stage pt or sft"
        ) { $0[Parameters.evalDataset] != nil && $0[Parameters.stage] != .sft && $0[Parameters.stage] != .pt },
        CrossRule(
            Parameters.exportGGUF, "a file for llama.cpp is made of numbers, not of those that GPTQ has packed",
            hint: "take out `export_quantization_bit`, or `export_gguf`; `export_gguf: q4_0` quantizes too"
        ) { $0[Parameters.exportGGUF] != nil && $0[Parameters.exportQuantizationBit] != nil },
        CrossRule(
            Parameters.quantizationBit, "adapters cannot be merged into a quantized model",
            hint: "take out `quantization_bit`; the base is read as it lies on disk"
        ) { $0[Parameters.quantizationBit] != nil },
    ]

    /// Rules of quantizing while loading, for every use (finetuning, 1.9 rule 22).
    static let quantization: [CrossRule] = [
        CrossRule(
            Parameters.quantizationBit, "`quantization_bit`: this method quantizes to other numbers of bits",
            hint: "bitsandbytes: 4 or 8; eetq: 8; hqq: 1, 2, 3, 4, 5, 6 or 8"
        ) { configuration in
            guard let bits = configuration[Parameters.quantizationBit] else { return false }
            return switch configuration[Parameters.quantizationMethod] {
            case "eetq": bits != 8
            case "hqq": ![1, 2, 3, 4, 5, 6, 8].contains(bits)
            default: ![4, 8].contains(bits)
            }
        },
        CrossRule(
            Parameters.quantizationDeviceMap, "a device map is for models of 4 bits",
            hint: "set `quantization_bit: 4`, or take out `quantization_device_map`"
        ) { $0[Parameters.quantizationDeviceMap] != nil && $0[Parameters.quantizationBit] != 4 },
    ]

    /// Rules of training on quantized bases (finetuning, 1.9 rules 11, 12, 19 and 20).
    static let quantized: [CrossRule] = [
        CrossRule(
            Parameters.quantizationBit, "a quantized base is trained through an adapter only",
            hint: "set `finetuning_type: lora`"
        ) { $0.isQuantized && !$0[Parameters.finetuningType].trainsAdapter },
        CrossRule(
            Parameters.useDora, "DoRA on a quantized base goes with bitsandbytes only",
            hint: "set `quantization_method: bitsandbytes`, or take out `use_dora`"
        ) {
            $0.isQuantized && $0[Parameters.useDora] && ["hqq", "eetq"].contains($0[Parameters.quantizationMethod])
        },
        CrossRule(
            Parameters.trainFromScratch, "random weights are trained themselves, which a quantized base does not allow",
            hint: "take out `quantization_bit` or `train_from_scratch`"
        ) { $0.isQuantized && $0[Parameters.trainFromScratch] },
        CrossRule(
            Parameters.pissaInit, "PiSSA changes the base, which a quantized one does not allow",
            hint: "prepare the PiSSA base before quantizing it"
        ) { $0.isQuantized && $0[Parameters.pissaInit] },
        CrossRule(
            Parameters.resizeVocab, "the embeddings of a quantized model cannot be resized",
            hint: "take out `resize_vocab`"
        ) { $0.isQuantized && $0[Parameters.resizeVocab] },
        CrossRule(
            Parameters.createNewAdapter, "a given adapter cannot be merged into a quantized base",
            hint: "go on with the adapter, or take out `create_new_adapter`"
        ) { $0.isQuantized && $0[Parameters.adapterNameOrPath] != nil && $0[Parameters.createNewAdapter] },
        CrossRule(
            Parameters.adapterNameOrPath, "a quantized model takes a single adapter", hint: "merge them first"
        ) { $0.isQuantized && ($0[Parameters.adapterNameOrPath]?.count ?? 0) > 1 },
        CrossRule(
            Parameters.quantizationDeviceMap, "a device map for quantized models is for inference",
            hint: "take out `quantization_device_map`"
        ) { $0[Parameters.doTrain] && $0[Parameters.quantizationDeviceMap] != nil },
    ]
}

extension RunConfiguration {
    fileprivate var isQuantized: Bool { self[Parameters.quantizationBit] != nil }
    fileprivate var usesVLLM: Bool { self[Parameters.inferBackend] == "vllm" }
}
