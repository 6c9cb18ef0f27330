/// Rows of the group `optimization`.
extension Parameters {
    package static let learningRate = Parameter<Double>(
        "learning_rate", .optimization, default: 5e-5, .atLeast(0),
        help: "Largest learning rate; the schedule scales it.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let lrSchedulerType = Parameter<LearningRateScheduleName>(
        "lr_scheduler_type", .optimization, default: .linear,
        help: "How the learning rate changes over the run.",
        .acts(test: "OptimizersTests"))
    package static let lrSchedulerKwargs = Parameter<ConfigurationMapping?>(
        "lr_scheduler_kwargs", .optimization, default: nil,
        help: "Further settings of the schedule, such as num_cycles or min_lr.",
        .acts(test: "OptimizersTests"))
    package static let warmupRatio = Parameter<Double>(
        "warmup_ratio", .optimization, default: 0, .within(0, 1),
        help: "Share of the steps during which the learning rate rises; warmup_steps wins.",
        .acts(test: "OptimizersTests"))
    package static let warmupSteps = Parameter<Double>(
        "warmup_steps", .optimization, default: 0, .atLeast(0),
        help: "Steps during which the learning rate rises; a value below 1 is a share of all steps.",
        .acts(test: "OptimizersTests"))
    package static let optim = Parameter<String>(
        "optim", .optimization, default: "adamw_torch_fused",
        choices: [
            "adamw_torch", "adamw_torch_fused", "adamw_hf", "adamw_torch_xla", "adamw_torch_npu_fused",
            "adamw_apex_fused", "adafactor", "adamw_anyprecision", "adamw_torch_4bit", "adamw_torch_8bit", "ademamix",
            "sgd", "adagrad", "adamw_bnb_8bit", "adamw_8bit", "ademamix_8bit", "lion_8bit", "lion_32bit",
            "paged_adamw_32bit", "paged_adamw_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit", "paged_lion_32bit",
            "paged_lion_8bit", "rmsprop", "rmsprop_bnb", "rmsprop_bnb_8bit", "rmsprop_bnb_32bit", "galore_adamw",
            "galore_adamw_8bit", "galore_adafactor", "galore_adamw_layerwise", "galore_adamw_8bit_layerwise",
            "galore_adafactor_layerwise", "lomo", "adalomo", "grokadamw", "schedule_free_radam", "schedule_free_adamw",
            "schedule_free_sgd", "apollo_adamw", "apollo_adamw_layerwise", "stable_adamw", "flash_adamw", "flash_adam",
            "flash_sgd", "flash_sgdw", "flash_lion",
        ],
        help: "The optimizer.",
        .acts(test: "OptimizersTests"),
        except: [
            .oneOf(
                "adamw_torch_xla", "adamw_torch_npu_fused", "adamw_apex_fused", "adamw_anyprecision", "flash_adamw",
                "flash_adam",
                effect: .refused("it is AdamW for another device", instead: "use adamw_torch")),
            .oneOf(
                "adamw_torch_4bit", "adamw_torch_8bit",
                effect: .refused("that format of state is not part of this project", instead: "use adamw_8bit")),
            .oneOf(
                "schedule_free_radam", "schedule_free_adamw", "stable_adamw", "grokadamw",
                effect: .refused(
                    "this variant of Adam is not part of this project",
                    instead: "use adamw_torch, with `lr_scheduler_type: constant_with_warmup` for a rate that stays")),
            .oneOf(
                "schedule_free_sgd", "flash_sgd", "flash_sgdw",
                effect: .refused("this variant of SGD is not part of this project", instead: "use sgd")),
            .oneOf(
                "flash_lion", effect: .refused("it is Lion for another device", instead: "use lion_32bit")),
            .oneOf(
                "lomo", "adalomo",
                effect: .refused(
                    "LOMO is not part of this project", instead: "use adafactor, which remembers nearly as little")),
        ])
    package static let optimArgs = Parameter<String?>(
        "optim_args", .optimization, default: nil,
        help: "Further settings of the optimizer as key=value,key=value.",
        .acts(test: "OptimizersTests"))
    package static let optimTargetModules = Parameter<[String]?>(
        "optim_target_modules", .optimization, default: nil,
        help: "Modules that a projecting optimizer changes.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let weightDecay = Parameter<Double>(
        "weight_decay", .optimization, default: 0.0, .atLeast(0),
        help: "Pull of the weights towards zero at each step; norms and biases are spared.",
        .acts(test: "OptimizersTests"))
    package static let adamBeta1 = Parameter<Double>(
        "adam_beta1", .optimization, default: 0.9, .from(0, below: 1),
        help: "Memory of the first moment in AdamW.",
        .acts(test: "OptimizersTests"))
    package static let adamBeta2 = Parameter<Double>(
        "adam_beta2", .optimization, default: 0.999, .from(0, below: 1),
        help: "Memory of the second moment in AdamW.",
        .acts(test: "OptimizersTests"))
    package static let adamEpsilon = Parameter<Double>(
        "adam_epsilon", .optimization, default: 1e-8, .atLeast(0),
        help: "Small number that keeps AdamW's division finite.",
        .acts(test: "OptimizersTests"))
    package static let maxGradNorm = Parameter<Double?>(
        "max_grad_norm", .optimization, default: 1.0, .atLeast(0),
        help: "Largest norm of the gradient; longer ones are shortened. 0 or null leaves them.",
        .acts(test: "OptimizersTests"))

    static let optimizationRows: [ParameterDescription] = [
        learningRate.description, lrSchedulerType.description, lrSchedulerKwargs.description,
        warmupRatio.description, warmupSteps.description, optim.description, optimArgs.description,
        optimTargetModules.description, weightDecay.description, adamBeta1.description, adamBeta2.description,
        adamEpsilon.description, maxGradNorm.description,
    ]
}
