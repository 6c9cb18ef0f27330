/// Rows of the group `distributed`.
extension Parameters {
    package static let deepspeed = Parameter<ConfigurationValueOrPath?>(
        "deepspeed", .distributed, default: nil, path: .file,
        help: "DeepSpeed's settings: a file or a mapping.",
        .cannotMatter(
            "it spreads memory over several devices, and training runs in one process; settings of its own that "
                + "would change results are refused"))
    package static let fsdp = Parameter<[String]?>(
        "fsdp", .distributed, default: nil,
        help: "PyTorch's sharding of models over devices.",
        .cannotMatter("it spreads memory over several devices; training runs in one process"))
    package static let fsdpConfig = Parameter<ConfigurationValueOrPath?>(
        "fsdp_config", .distributed, default: nil, path: .file,
        help: "Settings of that sharding.",
        .cannotMatter("it spreads memory over several devices; training runs in one process"))
    package static let fsdpMinNumParams = Parameter<Int>(
        "fsdp_min_num_params", .distributed, default: 0,
        help: "Smallest module that is sharded.",
        .cannotMatter("it spreads memory over several devices; training runs in one process"))
    package static let fsdpTransformerLayerClsToWrap = Parameter<String?>(
        "fsdp_transformer_layer_cls_to_wrap", .distributed, default: nil,
        help: "Layer type that is sharded.",
        .cannotMatter("it spreads memory over several devices; training runs in one process"))
    package static let ddpTimeout = Parameter<Int>(
        "ddp_timeout", .distributed, default: 1800,
        help: "Seconds that processes wait for each other.",
        .cannotMatter("training runs in one process"))
    package static let ddpFindUnusedParameters = Parameter<Bool?>(
        "ddp_find_unused_parameters", .distributed, default: nil,
        help: "Look for parameters without gradient.",
        .cannotMatter("training runs in one process"))
    package static let ddpBucketCapMb = Parameter<Int?>(
        "ddp_bucket_cap_mb", .distributed, default: nil,
        help: "Size of the buckets in which gradients are exchanged.",
        .cannotMatter("training runs in one process"))
    package static let ddpBroadcastBuffers = Parameter<Bool?>(
        "ddp_broadcast_buffers", .distributed, default: nil,
        help: "Send buffers to every process.",
        .cannotMatter("training runs in one process"))
    package static let ddpStaticGraph = Parameter<Bool?>(
        "ddp_static_graph", .distributed, default: nil,
        help: "Assume that the graph never changes.",
        .cannotMatter("training runs in one process"))
    package static let ddpBackend = Parameter<String?>(
        "ddp_backend", .distributed, default: nil,
        help: "Library that exchanges gradients.",
        .cannotMatter("training runs in one process"))
    package static let localRank = Parameter<Int>(
        "local_rank", .distributed, default: -1,
        help: "Number of this process on its machine.",
        .cannotMatter("training runs in one process"))
    package static let masterAddr = Parameter<String?>(
        "master_addr", .distributed, default: nil,
        help: "Address of the first machine.",
        .cannotMatter("training runs in one process"))
    package static let masterPort = Parameter<String?>(
        "master_port", .distributed, default: nil,
        help: "Port on the first machine.",
        .cannotMatter("training runs in one process"))
    package static let averageTokensAcrossDevices = Parameter<Bool>(
        "average_tokens_across_devices", .distributed, default: true,
        help: "Normalise the loss over all devices.",
        .cannotMatter("training runs in one process"))
    package static let tpuNumCores = Parameter<Int?>(
        "tpu_num_cores", .distributed, default: nil,
        help: "Cores of a TPU.",
        .cannotMatter("training runs in one process"))
    package static let acceleratorConfig = Parameter<ConfigurationValueOrPath?>(
        "accelerator_config", .distributed, default: nil, path: .file,
        help: "Settings of the Accelerate library.",
        .refused(
            "its settings change how batches are formed",
            instead: "set batch size and accumulation by their own parameters"))
    package static let parallelismConfig = Parameter<ConfigurationMapping?>(
        "parallelism_config", .distributed, default: nil,
        help: "Ways to spread a model over devices.",
        .notYet("training on several machines"))
    package static let fp8 = Parameter<Bool>(
        "fp8", .distributed, default: false,
        help: "Train in 8-bit floats.",
        .refused("8-bit float arithmetic needs an accelerator", instead: "leave it out"))
    package static let fp8Backend = Parameter<String>(
        "fp8_backend", .distributed, default: "auto",
        help: "Library for 8-bit floats.",
        .cannotMatter("8-bit floats are not used"))
    package static let fp8EnableFsdpFloat8AllGather = Parameter<Bool>(
        "fp8_enable_fsdp_float8_all_gather", .distributed, default: false,
        help: "Exchange weights as 8-bit floats.",
        .cannotMatter("8-bit floats are not used"))
    package static let rayNumWorkers = Parameter<Int>(
        "ray_num_workers", .distributed, default: 1,
        help: "Worker processes of Ray.",
        .cannotMatter("training runs in one process"),
        except: [.above(1, effect: .notYet("training on several machines"))])
    package static let rayRunName = Parameter<String?>(
        "ray_run_name", .distributed, default: nil,
        help: "Name of the run in Ray.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let rayStoragePath = Parameter<String>(
        "ray_storage_path", .distributed, default: "./saves", path: .folder,
        help: "Folder of Ray.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let rayStorageFilesystem = Parameter<String?>(
        "ray_storage_filesystem", .distributed, default: nil,
        help: "File system of Ray.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let rayInitKwargs = Parameter<ConfigurationValueOrPath?>(
        "ray_init_kwargs", .distributed, default: nil,
        help: "Settings of Ray.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let rayScope = Parameter<String?>(
        "ray_scope", .distributed, default: "last",
        help: "Which trial of Ray is best.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let resourcesPerWorker = Parameter<ConfigurationValueOrPath?>(
        "resources_per_worker", .distributed, default: nil,
        help: "Resources of each worker of Ray.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let placementStrategy = Parameter<String>(
        "placement_strategy", .distributed, default: "PACK",
        help: "Placement of the workers of Ray.",
        .cannotMatter("Ray is not used; training runs in one process"))
    package static let useMca = Parameter<Bool>(
        "use_mca", .distributed, default: false,
        help: "Train with Megatron.",
        .refused("that engine is not part of this project", instead: "leave it out; the built-in one is used"))
    package static let useHyperParallel = Parameter<Bool>(
        "use_hyper_parallel", .distributed, default: false,
        help: "Train with HyperParallel.",
        .refused("that engine is not part of this project", instead: "leave it out; the built-in one is used"))
    package static let useKt = Parameter<Bool>(
        "use_kt", .distributed, default: false,
        help: "Train with KTransformers.",
        .refused("that engine is not part of this project", instead: "leave it out; the built-in one is used"))
    package static let hyperParallelArgs = Parameter<ConfigurationValueOrPath?>(
        "hyper_parallel_args", .distributed, default: nil,
        help: "Settings of HyperParallel.",
        .cannotMatter("HyperParallel is not used"))
    package static let ktWeightPath = Parameter<String?>(
        "kt_weight_path", .distributed, default: nil, path: .folder,
        help: "Weights for KTransformers.",
        .cannotMatter("KTransformers is not used"))
    package static let ktExpertCheckpointPath = Parameter<String?>(
        "kt_expert_checkpoint_path", .distributed, default: nil, path: .folder,
        help: "Experts for KTransformers.",
        .cannotMatter("KTransformers is not used"))
    package static let ktUseLoraExperts = Parameter<Bool?>(
        "kt_use_lora_experts", .distributed, default: nil,
        help: "Adapters on experts in KTransformers.",
        .cannotMatter("KTransformers is not used"))
    package static let ktLoraExpertNum = Parameter<Int?>(
        "kt_lora_expert_num", .distributed, default: nil,
        help: "Number of such experts.",
        .cannotMatter("KTransformers is not used"))
    package static let ktLoraExpertIntermediateSize = Parameter<Int?>(
        "kt_lora_expert_intermediate_size", .distributed, default: nil,
        help: "Width of such experts.",
        .cannotMatter("KTransformers is not used"))
    package static let enableTorchProfiler = Parameter<Bool>(
        "enable_torch_profiler", .distributed, default: false,
        help: "Record a profile with PyTorch.",
        .refused("PyTorch's profiler is not part of this project", instead: "use perf on the worker"))
    package static let profilerOutputDir = Parameter<String?>(
        "profiler_output_dir", .distributed, default: nil, path: .folder,
        help: "Folder of the profile.",
        .cannotMatter("no profile is recorded"))
    package static let profilerWaitSteps = Parameter<Int>(
        "profiler_wait_steps", .distributed, default: 1,
        help: "Steps before the profile.",
        .cannotMatter("no profile is recorded"))
    package static let profilerWarmupSteps = Parameter<Int>(
        "profiler_warmup_steps", .distributed, default: 1,
        help: "Steps that warm the profiler up.",
        .cannotMatter("no profile is recorded"))
    package static let profilerActiveSteps = Parameter<Int>(
        "profiler_active_steps", .distributed, default: 1,
        help: "Steps that are recorded.",
        .cannotMatter("no profile is recorded"))
    package static let profilerRepeat = Parameter<Int>(
        "profiler_repeat", .distributed, default: 1,
        help: "Times that the profile is taken.",
        .cannotMatter("no profile is recorded"))
    package static let profilerRecordShapes = Parameter<Bool>(
        "profiler_record_shapes", .distributed, default: true,
        help: "Record shapes.",
        .cannotMatter("no profile is recorded"))
    package static let profilerProfileMemory = Parameter<Bool>(
        "profiler_profile_memory", .distributed, default: true,
        help: "Record memory.",
        .cannotMatter("no profile is recorded"))
    package static let profilerWithStack = Parameter<Bool>(
        "profiler_with_stack", .distributed, default: true,
        help: "Record stacks.",
        .cannotMatter("no profile is recorded"))
    package static let profileModules = Parameter<String?>(
        "profile_modules", .distributed, default: nil,
        help: "Modules that are recorded.",
        .cannotMatter("no profile is recorded"))

    static let distributedRows: [ParameterDescription] = [
        deepspeed.description, fsdp.description, fsdpConfig.description, fsdpMinNumParams.description,
        fsdpTransformerLayerClsToWrap.description, ddpTimeout.description, ddpFindUnusedParameters.description,
        ddpBucketCapMb.description, ddpBroadcastBuffers.description, ddpStaticGraph.description,
        ddpBackend.description, localRank.description, masterAddr.description, masterPort.description,
        averageTokensAcrossDevices.description, tpuNumCores.description, acceleratorConfig.description,
        parallelismConfig.description, fp8.description, fp8Backend.description,
        fp8EnableFsdpFloat8AllGather.description, rayNumWorkers.description, rayRunName.description,
        rayStoragePath.description, rayStorageFilesystem.description, rayInitKwargs.description,
        rayScope.description, resourcesPerWorker.description, placementStrategy.description, useMca.description,
        useHyperParallel.description, useKt.description, hyperParallelArgs.description, ktWeightPath.description,
        ktExpertCheckpointPath.description, ktUseLoraExperts.description, ktLoraExpertNum.description,
        ktLoraExpertIntermediateSize.description, enableTorchProfiler.description, profilerOutputDir.description,
        profilerWaitSteps.description, profilerWarmupSteps.description, profilerActiveSteps.description,
        profilerRepeat.description, profilerRecordShapes.description, profilerProfileMemory.description,
        profilerWithStack.description, profileModules.description,
    ]
}
