/// Rows of the group `galore`.
extension Parameters {
    package static let useGalore = Parameter<Bool>(
        "use_galore", .galore, default: false,
        help: "Use GaLore, which keeps optimizer state in a low-rank projection of the gradients.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let galoreTarget = Parameter<[String]>(
        "galore_target", .galore, default: ["all"],
        help: "Layers that GaLore projects; all means every linear layer.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let galoreRank = Parameter<Int>(
        "galore_rank", .galore, default: 16, .atLeast(1),
        help: "Rank of the projected gradients.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let galoreUpdateInterval = Parameter<Int>(
        "galore_update_interval", .galore, default: 200, .atLeast(1),
        help: "Steps between two computations of the projection.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let galoreScale = Parameter<Double>(
        "galore_scale", .galore, default: 0.25,
        help: "Factor on the update when it is projected back.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let galoreProjType = Parameter<String>(
        "galore_proj_type", .galore, default: "std",
        choices: ["std", "reverse_std", "right", "left", "full"],
        help: "Side of the gradient that is projected.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let galoreLayerwise = Parameter<Bool>(
        "galore_layerwise", .galore, default: false,
        help: "Update each layer as soon as its gradient exists, to save memory.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let useApollo = Parameter<Bool>(
        "use_apollo", .galore, default: false,
        help: "Use APOLLO, which scales gradients by low-rank moments.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloTarget = Parameter<[String]>(
        "apollo_target", .galore, default: ["all"],
        help: "Layers that APOLLO changes.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloRank = Parameter<Int>(
        "apollo_rank", .galore, default: 16, .atLeast(1),
        help: "Rank of the projection of APOLLO.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloUpdateInterval = Parameter<Int>(
        "apollo_update_interval", .galore, default: 200, .atLeast(1),
        help: "Steps between two projections of APOLLO.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloScale = Parameter<Double>(
        "apollo_scale", .galore, default: 32.0, .atLeast(0),
        help: "Factor on the scaled gradient of APOLLO.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloProj = Parameter<String>(
        "apollo_proj", .galore, default: "random",
        choices: ["svd", "random"],
        help: "How APOLLO finds its projection.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloProjType = Parameter<String>(
        "apollo_proj_type", .galore, default: "std",
        choices: ["std", "right", "left"],
        help: "Side of the gradient that APOLLO projects.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloScaleType = Parameter<String>(
        "apollo_scale_type", .galore, default: "channel",
        choices: ["channel", "tensor"],
        help: "Whether APOLLO scales channels or whole tensors.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloLayerwise = Parameter<Bool>(
        "apollo_layerwise", .galore, default: false,
        help: "Update each layer as soon as its gradient exists.",
        .acts(test: "TrainingLoopTests/LowRankRunTests"))
    package static let apolloScaleFront = Parameter<Bool>(
        "apollo_scale_front", .galore, default: false,
        help: "Scale before limiting the norm growth instead of after.",
        .cannotMatter("the limiter is relative to the last update, which is scaled in the same way"))

    static let galoreRows: [ParameterDescription] = [
        useGalore.description, galoreTarget.description, galoreRank.description,
        galoreUpdateInterval.description, galoreScale.description, galoreProjType.description,
        galoreLayerwise.description, useApollo.description, apolloTarget.description, apolloRank.description,
        apolloUpdateInterval.description, apolloScale.description, apolloProj.description,
        apolloProjType.description, apolloScaleType.description, apolloLayerwise.description,
        apolloScaleFront.description,
    ]
}
