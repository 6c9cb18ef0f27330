/// Rows of the group `vllm`.
extension Parameters {
    package static let vllmMaxlen = Parameter<Int>(
        "vllm_maxlen", .vllm, default: 4096,
        help: "Longest sequence of the vllm engine, prompt and answer together.",
        .notYet("the batching inference engine"))
    package static let vllmGpuUtil = Parameter<Double>(
        "vllm_gpu_util", .vllm, default: 0.9, .within(0, 1),
        help: "Share of GPU memory for the vllm engine.",
        .notYet("the batching inference engine"))
    package static let vllmEnforceEager = Parameter<Bool>(
        "vllm_enforce_eager", .vllm, default: false,
        help: "Run the vllm engine without CUDA graphs.",
        .notYet("the batching inference engine"))
    package static let vllmMaxLoraRank = Parameter<Int>(
        "vllm_max_lora_rank", .vllm, default: 32,
        help: "Largest rank of an adapter in the vllm engine.",
        .notYet("the batching inference engine"))
    package static let vllmConfig = Parameter<ConfigurationMapping?>(
        "vllm_config", .vllm, default: nil,
        help: "Further settings of the vllm engine.",
        .notYet("the batching inference engine"))
    package static let sglangMaxlen = Parameter<Int>(
        "sglang_maxlen", .vllm, default: 4096,
        help: "Longest sequence of the sglang engine.",
        .notYet("the batching inference engine"))
    package static let sglangMemFraction = Parameter<Double>(
        "sglang_mem_fraction", .vllm, default: 0.7,
        help: "Share of GPU memory for the sglang engine.",
        .notYet("the batching inference engine"))
    package static let sglangTpSize = Parameter<Int>(
        "sglang_tp_size", .vllm, default: -1,
        help: "GPUs that share a model in the sglang engine.",
        .notYet("the batching inference engine"))
    package static let sglangConfig = Parameter<ConfigurationMapping?>(
        "sglang_config", .vllm, default: nil,
        help: "Further settings of the sglang engine.",
        .notYet("the batching inference engine"))
    package static let sglangLoraBackend = Parameter<String>(
        "sglang_lora_backend", .vllm, default: "triton",
        choices: ["triton", "flashinfer"],
        help: "Kernels for adapters in the sglang engine.",
        .notYet("the batching inference engine"))

    static let vllmRows: [ParameterDescription] = [
        vllmMaxlen.description, vllmGpuUtil.description, vllmEnforceEager.description,
        vllmMaxLoraRank.description, vllmConfig.description, sglangMaxlen.description,
        sglangMemFraction.description, sglangTpSize.description, sglangConfig.description,
        sglangLoraBackend.description,
    ]
}
