/// Rows of the group `model`.
extension Parameters {
    package static let modelNameOrPath = Parameter<String?>(
        "model_name_or_path", .model, default: nil, path: .folder,
        help: "The model: a folder, or a name in the cache of a hub.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let adapterNameOrPath = Parameter<[String]?>(
        "adapter_name_or_path", .model, default: nil, path: .folder,
        help: "Adapters on top of the model: all but the last are merged; training goes on with the last.",
        .acts(test: "AdaptersTests/AdapterLoadingTests"))
    package static let adapterFolder = Parameter<String?>(
        "adapter_folder", .model, default: nil,
        help: "Folder inside each adapter's path that holds its files.",
        .acts(test: "TrainingLoopTests/AdapterRunTests"))
    package static let cacheDir = Parameter<String?>(
        "cache_dir", .model, default: nil, path: .folder,
        help: "Folder for what comes from hubs; tunectl pull writes it, runs read it.",
        .acts(test: "TrainingLoopTests/PathResolverTests"))
    package static let useFastTokenizer = Parameter<Bool>(
        "use_fast_tokenizer", .model, default: true,
        help: "Prefer the fast tokenizer implementation where two exist.",
        .cannotMatter("there is one tokenizer implementation, which reads tokenizer.json"))
    package static let resizeVocab = Parameter<Bool>(
        "resize_vocab", .model, default: false,
        help: """
            Enlarge embedding and output head, to a multiple of 64 rows, when the tokenizer has more tokens than they \
            have rows; on by itself when new tokens are added. An adapter then trains both unless additional_target \
            says otherwise.
            """,
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let splitSpecialTokens = Parameter<Bool>(
        "split_special_tokens", .model, default: false,
        help: "Tokenize special tokens that occur in texts as ordinary text.",
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let newSpecialTokens = Parameter<[String]?>(
        "new_special_tokens", aliases: ["add_special_tokens"], .model, default: nil,
        help: "Special tokens to add to the tokenizer.",
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let addTokens = Parameter<[String]?>(
        "add_tokens", .model, default: nil,
        help: "Ordinary tokens to add to the tokenizer.",
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let newSpecialTokensConfig = Parameter<String?>(
        "new_special_tokens_config", .model, default: nil, path: .file,
        help: "YAML file of new special tokens, `token: description` line by line; wins over new_special_tokens.",
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let initSpecialTokens = Parameter<String>(
        "init_special_tokens", .model, default: "noise_init",
        choices: ["noise_init", "desc_init", "desc_init_w_noise"],
        help: """
            How the rows of new special tokens start: noise_init, the mean of all others with noise; desc_init, the mean \
            of their descriptions' tokens; desc_init_w_noise, that with noise.
            """,
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let trainNewTokensOnly = Parameter<Bool>(
        "train_new_tokens_only", .model, default: false,
        help: """
            Of embedding and output head train the rows of new tokens alone; all others stay as they were. A key of our \
            own.
            """,
        .acts(test: "TrainingLoopTests/NewTokenTests"))
    package static let modelRevision = Parameter<String>(
        "model_revision", .model, default: "main",
        help: "Branch, tag or commit of model and adapters on their hub; main is the hub's own main branch.",
        .acts(test: "TrainingLoopTests/PathResolverTests"))
    package static let lowCpuMemUsage = Parameter<Bool>(
        "low_cpu_mem_usage", .model, default: true,
        help: "Load weights straight into place.",
        .cannotMatter("weights are mapped from their files, never copied as a whole"))
    package static let ropeScaling = Parameter<String?>(
        "rope_scaling", .model, default: nil,
        choices: ["linear", "dynamic", "yarn", "llama3"],
        help: """
            Stretch position encodings beyond the model's trained length. Whole models are saved with it, adapters \
            remember it in rope_scaling.json.
            """,
        .acts(test: "TrainingLoopTests/ModelSettingsTests"))
    package static let ropeScalingFactor = Parameter<Double?>(
        "rope_scaling_factor", .model, default: nil, .within(1, 1e6),
        help: """
            How far rope_scaling stretches; without it as far as cutoff_len needs in training, and twice at inference.
            """,
        .acts(test: "TrainingLoopTests/ModelSettingsTests"))
    package static let ropeTheta = Parameter<Double?>(
        "rope_theta", .model, default: nil, .within(1, 1e30),
        help: "The base that positions are rotated from; without it the model's own.",
        .acts(test: "TrainingLoopTests/ModelSettingsTests"))
    package static let flashAttn = Parameter<String>(
        "flash_attn", .model, default: "auto",
        choices: ["auto", "disabled", "sdpa", "fa2", "fa3"],
        help: "The attention implementation.",
        .cannotMatter("every choice means the built-in fused attention, which computes the same function"))
    package static let shiftAttn = Parameter<Bool>(
        "shift_attn", .model, default: false,
        help: "Train long contexts with shifted groups of attention (S2-Attn), in models of any family.",
        .acts(test: "GoldenTests/PositionGoldenTests"))
    package static let mixtureOfDepths = Parameter<String?>(
        "mixture_of_depths", .model, default: nil,
        choices: ["convert", "load"],
        help: "Convert a model to, or load one with, mixture of depths.",
        .acts(test: "GoldenTests/PositionGoldenTests"))
    package static let useUnsloth = Parameter<Bool>(
        "use_unsloth", .model, default: false,
        help: "Ask for the Unsloth implementation of LoRA.",
        .cannotMatter("a faster implementation of the same mathematics for GPUs; the built-in kernels are used"))
    package static let useUnslothGc = Parameter<Bool>(
        "use_unsloth_gc", .model, default: false,
        help: "Ask for Unsloth's gradient checkpointing.",
        .cannotMatter("the built-in gradient checkpointing gives the same result"))
    package static let enableLigerKernel = Parameter<Bool>(
        "enable_liger_kernel", aliases: ["use_liger_kernel"], .model, default: false,
        help: "Ask for the Liger kernels.",
        .cannotMatter("a faster implementation of the same mathematics for GPUs; the built-in kernels are used"))
    package static let moeAuxLossCoef = Parameter<Double?>(
        "moe_aux_loss_coef", .model, default: nil,
        help: "Weight of the loss that balances the experts of a mixture.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let disableGradientCheckpointing = Parameter<Bool>(
        "disable_gradient_checkpointing", .model, default: false,
        help: """
            Keep activations instead of recomputing them in the backward pass: faster, more memory, same result. Where \
            neither this nor gradient_checkpointing is given, as many layers keep theirs as a job's share of memory allows.
            """,
        .acts(test: "TrainingLoopTests"))
    package static let matmulPrecision = Parameter<String>(
        "matmul_precision", .model, default: "auto", choices: ["auto", "highest", "high", "medium"],
        help: """
            How exactly a training run multiplies, as in PyTorch's set_float32_matmul_precision: highest in float32, high \
            with activations as two bfloat16 parts, medium with one, which is what bf16 means elsewhere. The last two are \
            fast on processors with AMX and give the same numbers, slower, on others. auto is medium with bf16 on a \
            processor with AMX and highest elsewhere; it is decided when a job is submitted and stays with it.
            """,
        .acts(test: "TrainingLoopTests/PrecisionTests"))
    package static let upcastLayernorm = Parameter<Bool>(
        "upcast_layernorm", .model, default: false,
        help: "Hold the weights of norms in float32.",
        .cannotMatter("norms are computed in float32 whatever their storage"))
    package static let upcastLmheadOutput = Parameter<Bool>(
        "upcast_lmhead_output", .model, default: false,
        help: "Turn the output head's logits into float32.",
        .cannotMatter("logits are float32 always"))
    package static let trainFromScratch = Parameter<Bool>(
        "train_from_scratch", .model, default: false,
        help: "Start from random weights of the shape in config.json; weight files are not read.",
        .acts(test: "TrainingLoopTests"))
    package static let inferBackend = Parameter<String>(
        "infer_backend", .model, default: "huggingface",
        choices: ["huggingface", "vllm", "sglang", "ktransformers"],
        help: "The inference engine.",
        .cannotMatter("the built-in engine does what the huggingface one does"),
        except: [.noneOf("huggingface", effect: .notYet("the batching inference engine"))])
    package static let offloadFolder = Parameter<String>(
        "offload_folder", .model, default: "offload", path: .folder,
        help: "Folder for weights that do not fit into memory.",
        .cannotMatter("weights are mapped from their own files and can be paged out without a copy"))
    package static let useCache = Parameter<Bool>(
        "use_cache", aliases: ["use_kv_cache"], .model, default: true,
        help: "Keep keys and values of earlier positions while generating.",
        .acts(test: "TextGenerationTests/TextGeneratorTests"))
    package static let inferDtype = Parameter<InferenceNumberFormat>(
        "infer_dtype", .model, default: .auto,
        help: "Number format of weights and activations at inference.",
        .cannotMatter("weights stay as on disk and arithmetic is float32"),
        except: [
            .oneOf(
                "float16", "bfloat16",
                effect: .refused(
                    "weights are used as exactly as they are stored",
                    instead: "leave it at auto, or export the model "
                        + "in that format"))
        ])
    package static let hfHubToken = Parameter<String?>(
        "hf_hub_token", .model, default: nil,
        help: "Access token for Hugging Face, for tunectl pull and push; jobs never get it.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"), isSecret: true)
    package static let msHubToken = Parameter<String?>(
        "ms_hub_token", .model, default: nil,
        help: "Access token for ModelScope, for tunectl pull and push; jobs never get it.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"), isSecret: true)
    package static let omHubToken = Parameter<String?>(
        "om_hub_token", .model, default: nil,
        help: "Access token for Modelers, for tunectl pull and push; jobs never get it.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"), isSecret: true)
    package static let printParamStatus = Parameter<Bool>(
        "print_param_status", .model, default: false,
        help: "Print name, number format and trainability of every parameter after loading.",
        .acts(test: "TrainingLoopTests/TuningMethodTests"))
    package static let trustRemoteCode = Parameter<Bool>(
        "trust_remote_code", .model, default: false,
        help: "Run code that comes with a model.",
        .cannotMatter("model families are built in and no code is ever fetched or run"))
    package static let useReentrantGc = Parameter<Bool>(
        "use_reentrant_gc", .model, default: true,
        help: "The variant of PyTorch's gradient checkpointing.",
        .cannotMatter("the built-in gradient checkpointing gives the same result"))
    package static let useV1Kernels = Parameter<Bool?>(
        "use_v1_kernels", .model, default: false,
        help: "Ask for experimental kernels.",
        .cannotMatter("the built-in kernels are used"))
    package static let computeDtype = Parameter<String?>(
        "compute_dtype", .model, default: nil,
        help: "Number format of the computation; derived.",
        .refused("it is derived and not for users to set", instead: "arithmetic is float32"))
    package static let deviceMap = Parameter<ConfigurationMapping?>(
        "device_map", .model, default: nil,
        help: "Placement of the model on devices; derived.",
        .refused("it is derived and not for users to set", instead: "there is one device"))
    package static let modelMaxLength = Parameter<Int?>(
        "model_max_length", .model, default: nil,
        help: "Longest input of the model; derived from cutoff_len.",
        .refused("it is derived and not for users to set", instead: "set cutoff_len"))
    package static let blockDiagAttn = Parameter<Bool>(
        "block_diag_attn", .model, default: false,
        help: "Whether packed examples are kept apart; derived from neat_packing.",
        .refused("it is derived and not for users to set", instead: "set neat_packing"))

    static let modelRows: [ParameterDescription] = [
        modelNameOrPath.description, adapterNameOrPath.description, adapterFolder.description,
        cacheDir.description, useFastTokenizer.description, resizeVocab.description,
        splitSpecialTokens.description, newSpecialTokens.description, addTokens.description,
        newSpecialTokensConfig.description, initSpecialTokens.description, trainNewTokensOnly.description,
        modelRevision.description, lowCpuMemUsage.description, ropeScaling.description,
        ropeScalingFactor.description, ropeTheta.description, flashAttn.description, shiftAttn.description,
        mixtureOfDepths.description, useUnsloth.description, useUnslothGc.description,
        enableLigerKernel.description, moeAuxLossCoef.description, disableGradientCheckpointing.description,
        matmulPrecision.description,
        upcastLayernorm.description, upcastLmheadOutput.description, trainFromScratch.description,
        inferBackend.description, offloadFolder.description, useCache.description, inferDtype.description,
        hfHubToken.description, msHubToken.description, omHubToken.description, printParamStatus.description,
        trustRemoteCode.description, useReentrantGc.description, useV1Kernels.description,
        computeDtype.description, deviceMap.description, modelMaxLength.description, blockDiagAttn.description,
    ]
}
