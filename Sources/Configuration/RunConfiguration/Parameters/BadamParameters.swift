/// Rows of the group `badam`.
extension Parameters {
    package static let useBadam = Parameter<Bool>(
        "use_badam", .badam, default: false,
        help: "Use BAdam, which updates one block of the model at a time.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamMode = Parameter<String>(
        "badam_mode", .badam, default: "layer",
        choices: ["layer", "ratio"],
        help: "Whether BAdam picks whole layers or a share of every tensor.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamStartBlock = Parameter<Int?>(
        "badam_start_block", .badam, default: nil, .atLeast(0),
        help: "First block that layer-wise BAdam trains.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamSwitchMode = Parameter<String?>(
        "badam_switch_mode", .badam, default: "ascending",
        choices: ["ascending", "descending", "random", "fixed"],
        help: "Order in which layer-wise BAdam visits the blocks.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamSwitchInterval = Parameter<Int?>(
        "badam_switch_interval", .badam, default: 50, .atLeast(-1),
        help: "Steps that layer-wise BAdam stays on a block; -1 never switches.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamUpdateRatio = Parameter<Double>(
        "badam_update_ratio", .badam, default: 0.05, .above(1e-6),
        help: "Share of each tensor that ratio-wise BAdam updates.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamMaskMode = Parameter<String>(
        "badam_mask_mode", .badam, default: "adjacent",
        choices: ["adjacent", "scatter"],
        help: "Whether that share is a run of neighbours or scattered.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))
    package static let badamVerbose = Parameter<Int>(
        "badam_verbose", .badam, default: 0, .within(0, 2),
        help: "What BAdam reports: 0 nothing, 1 the block, 2 also its trainable tensors.",
        .acts(test: "TrainingLoopTests/BAdamRunTests"))

    static let badamRows: [ParameterDescription] = [
        useBadam.description, badamMode.description, badamStartBlock.description, badamSwitchMode.description,
        badamSwitchInterval.description, badamUpdateRatio.description, badamMaskMode.description,
        badamVerbose.description,
    ]
}
