/// Rows of the group `training`.
extension Parameters {
    package static let outputDir = Parameter<String>(
        "output_dir", .training, default: "trainer_output", path: .folder,
        help: "Folder for everything that the run writes.",
        .acts(test: "TrainingLoopTests"))
    package static let overwriteOutputDir = Parameter<Bool>(
        "overwrite_output_dir", .training, default: false,
        help: "Train anew although output_dir holds a model or checkpoints; they are not deleted.",
        .acts(test: "TrainingLoopTests"))
    package static let perDeviceTrainBatchSize = Parameter<Int>(
        "per_device_train_batch_size", .training, default: 8, .atLeast(1),
        help: "Items of one forward and backward pass.",
        .acts(test: "TrainingLoopTests"))
    package static let perDeviceEvalBatchSize = Parameter<Int>(
        "per_device_eval_batch_size", .training, default: 8, .atLeast(1),
        help: "Items of one forward pass at evaluation.",
        .acts(test: "TrainingLoopTests"))
    package static let gradientAccumulationSteps = Parameter<Int>(
        "gradient_accumulation_steps", .training, default: 1, .atLeast(1),
        help: "Passes whose gradients are added before the weights change.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let numTrainEpochs = Parameter<Double>(
        "num_train_epochs", .training, default: 3.0, .atLeast(0),
        help: "Times that the data are gone through; may be fractional.",
        .acts(test: "TrainingLoopTests"))
    package static let maxSteps = Parameter<Int>(
        "max_steps", .training, default: -1, .atLeast(-1),
        help: "Optimizer steps of the whole run; when positive it wins over num_train_epochs.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let seed = Parameter<Int>(
        "seed", .training, default: 42, .atLeast(0),
        help: "Start of all randomness: initial weights, dropout, order of the data, sampling.",
        .acts(test: "DatasetsTests/DataOrderTests"))
    package static let dataSeed = Parameter<Int?>(
        "data_seed", .training, default: nil, .atLeast(0),
        help: "Start of the randomness in the order of the data; seed when absent.",
        .acts(test: "DatasetsTests/DataOrderTests"))
    package static let fullDeterminism = Parameter<Bool>(
        "full_determinism", .training, default: false,
        help: "Ask for deterministic kernels.",
        .cannotMatter("runs with the same seed and threads are always identical"))
    package static let disableShuffling = Parameter<Bool>(
        "disable_shuffling", .training, default: false,
        help: "Take the data in their own order.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let trainSamplingStrategy = Parameter<SamplingStrategy>(
        "train_sampling_strategy", .training, default: .random,
        help: "Order of the items: random, as they come, or by similar length.",
        .acts(test: "TrainingLoopTests/SamplingTests"))
    package static let groupByLength = Parameter<Bool>(
        "group_by_length", .training, default: false,
        help: "Put items of similar length into one batch; the older spelling of train_sampling_strategy.",
        .acts(test: "TrainingLoopTests/SamplingTests"))
    package static let lengthColumnName = Parameter<String>(
        "length_column_name", .training, default: "length",
        help: "Column with precomputed lengths for group_by_length.",
        .cannotMatter("lengths are those of the prepared items, whose other columns are gone by then"))
    package static let dataloaderDropLast = Parameter<Bool>(
        "dataloader_drop_last", .training, default: false,
        help: "Leave out a last batch that is not full.",
        .acts(test: "TrainingLoopTests"))
    package static let labelSmoothingFactor = Parameter<Double>(
        "label_smoothing_factor", .training, default: 0.0, .within(0, 1),
        help: "Share of each label spread over the whole vocabulary.",
        .acts(test: "TrainingLoopTests"))
    package static let neftuneNoiseAlpha = Parameter<Double?>(
        "neftune_noise_alpha", .training, default: nil,
        help: """
            Strength of the random noise on embeddings during training (NEFTune): uniform within this divided by the root \
            of tokens in a padded row times the embeddings' size.
            """,
        .acts(test: "TrainingLoopTests/EmbeddingNoiseTests"))
    package static let includeNumInputTokensSeen = Parameter<InputTokenCount>(
        "include_num_input_tokens_seen", .training, default: .no,
        help: "Count input tokens in the log: all counts padding too, non_padding does not.",
        .acts(test: "TrainingLoopTests"))
    package static let includeEffectiveTokensPerSecond = Parameter<Bool>(
        "include_effective_tokens_per_second", .training, default: false,
        help: "Report the data's tokens per second of training at the end: effective_tokens_per_sec.",
        .acts(test: "TrainingLoopTests/EffectiveTokenTests"))
    package static let plotLoss = Parameter<Bool>(
        "plot_loss", .training, default: false,
        help: "Draw the loss curves into output_dir after training.",
        .acts(test: "TrainingLoopTests"))
    package static let earlyStoppingSteps = Parameter<Int?>(
        "early_stopping_steps", .training, default: nil, .atLeast(1),
        help: "Evaluations in a row without improvement of metric_for_best_model after which training ends.",
        .acts(test: "TrainingLoopTests/EarlyStoppingTests"))
    package static let autoFindBatchSize = Parameter<Bool>(
        "auto_find_batch_size", .training, default: false,
        help: "Lower the batch size until it fits into memory.",
        .refused(
            "what a run needs is planned before it starts, and one that changes its batch size on the way is another run",
            instead: "ask `tunectl plan`, which names a batch size that fits"))
    package static let removeUnusedColumns = Parameter<Bool>(
        "remove_unused_columns", .training, default: true,
        help: "Drop columns that the model does not read.",
        .cannotMatter("the data stage decides which columns are read"))
    package static let labelNames = Parameter<[String]?>(
        "label_names", .training, default: nil,
        help: "Names of the label columns.",
        .refused("labels are made by the data stage", instead: "leave it out"))
    package static let dataloaderNumWorkers = Parameter<Int>(
        "dataloader_num_workers", .training, default: 0,
        help: "Processes that read data ahead.",
        .cannotMatter("data are prepared before training and read from memory"))
    package static let dataloaderPinMemory = Parameter<Bool>(
        "dataloader_pin_memory", .training, default: true,
        help: "Keep batches in page-locked memory.",
        .cannotMatter("there is no copy to a device"))
    package static let dataloaderPersistentWorkers = Parameter<Bool>(
        "dataloader_persistent_workers", .training, default: false,
        help: "Keep the reading processes between epochs.",
        .cannotMatter("there are no reading processes"))
    package static let dataloaderPrefetchFactor = Parameter<Int?>(
        "dataloader_prefetch_factor", .training, default: nil,
        help: "Batches that each reading process prepares ahead.",
        .cannotMatter("there are no reading processes"))
    package static let useCpu = Parameter<Bool>(
        "use_cpu", aliases: ["no_cuda"], .training, default: false,
        help: "Compute on the CPU.",
        .cannotMatter("the CPU is what there is"))
    package static let bf16 = Parameter<Bool>(
        "bf16", .training, default: false,
        help: """
            Allow products of bfloat16 numbers, summed in float32, where the processor has AMX; without it everything is \
            float32. See matmul_precision.
            """,
        .acts(test: "RunConfigurationTests/DerivedSettingTests"))
    package static let fp16 = Parameter<Bool>(
        "fp16", .training, default: false,
        help: "Compute in float16 with loss scaling.",
        .refused("float16 training needs an accelerator", instead: "use bf16 or no flag"))
    package static let tf32 = Parameter<Bool?>(
        "tf32", .training, default: nil,
        help: "Allow NVIDIA's shortened float32.",
        .cannotMatter("it exists on NVIDIA GPUs only"))
    package static let bf16FullEval = Parameter<Bool>(
        "bf16_full_eval", .training, default: false,
        help: "Evaluate in bfloat16.",
        .cannotMatter("arithmetic is float32"))
    package static let fp16FullEval = Parameter<Bool>(
        "fp16_full_eval", .training, default: false,
        help: "Evaluate in float16.",
        .refused("float16 arithmetic needs an accelerator", instead: "leave it out"))
    package static let halfPrecisionBackend = Parameter<String>(
        "half_precision_backend", .training, default: "auto",
        help: "Library for mixed precision.",
        .cannotMatter("arithmetic is float32"))
    package static let fp16OptLevel = Parameter<String>(
        "fp16_opt_level", .training, default: "O1",
        help: "Level of NVIDIA's Apex.",
        .cannotMatter("arithmetic is float32"))
    package static let gradientCheckpointing = Parameter<Bool>(
        "gradient_checkpointing", .training, default: false,
        help: """
            Recompute activations in the backward pass. Either value means what disable_gradient_checkpointing: false does, \
            as in the reference: nothing is left to the plan.
            """,
        .acts(test: "RunConfigurationTests/DerivedSettingTests"))
    package static let gradientCheckpointingKwargs = Parameter<ConfigurationMapping?>(
        "gradient_checkpointing_kwargs", .training, default: nil,
        help: "Details of PyTorch's gradient checkpointing.",
        .cannotMatter("the built-in gradient checkpointing gives the same result"))
    package static let torchCompile = Parameter<Bool>(
        "torch_compile", .training, default: false,
        help: "Compile the model with PyTorch.",
        .cannotMatter("the kernels are compiled already"))
    package static let torchCompileBackend = Parameter<String?>(
        "torch_compile_backend", .training, default: nil,
        help: "Backend of torch_compile.",
        .cannotMatter("the kernels are compiled already"))
    package static let torchCompileMode = Parameter<String?>(
        "torch_compile_mode", .training, default: nil,
        help: "Mode of torch_compile.",
        .cannotMatter("the kernels are compiled already"))
    package static let ligerKernelConfig = Parameter<ConfigurationMapping?>(
        "liger_kernel_config", .training, default: nil,
        help: "Details of the Liger kernels.",
        .cannotMatter("the built-in kernels are used"))
    package static let torchEmptyCacheSteps = Parameter<Int?>(
        "torch_empty_cache_steps", .training, default: nil,
        help: "Steps between two releases of the GPU's memory cache.",
        .cannotMatter("there is no such cache"))
    package static let jitModeEval = Parameter<Bool>(
        "jit_mode_eval", .training, default: false,
        help: "Trace the model for evaluation.",
        .cannotMatter("the kernels are compiled already"))
    package static let useIpex = Parameter<Bool>(
        "use_ipex", .training, default: false,
        help: "Use Intel's extension for PyTorch.",
        .cannotMatter("the built-in kernels are used"))

    static let trainingRows: [ParameterDescription] = [
        outputDir.description, overwriteOutputDir.description, perDeviceTrainBatchSize.description,
        perDeviceEvalBatchSize.description, gradientAccumulationSteps.description, numTrainEpochs.description,
        maxSteps.description, seed.description, dataSeed.description, fullDeterminism.description,
        disableShuffling.description, trainSamplingStrategy.description, groupByLength.description,
        lengthColumnName.description, dataloaderDropLast.description, labelSmoothingFactor.description,
        neftuneNoiseAlpha.description, includeNumInputTokensSeen.description,
        includeEffectiveTokensPerSecond.description, plotLoss.description, earlyStoppingSteps.description,
        autoFindBatchSize.description, removeUnusedColumns.description, labelNames.description,
        dataloaderNumWorkers.description, dataloaderPinMemory.description,
        dataloaderPersistentWorkers.description, dataloaderPrefetchFactor.description, useCpu.description,
        bf16.description, fp16.description, tf32.description, bf16FullEval.description, fp16FullEval.description,
        halfPrecisionBackend.description, fp16OptLevel.description, gradientCheckpointing.description,
        gradientCheckpointingKwargs.description, torchCompile.description, torchCompileBackend.description,
        torchCompileMode.description, ligerKernelConfig.description, torchEmptyCacheSteps.description,
        jitModeEval.description, useIpex.description,
    ]
}
