/// Rows of the group `lora`.
extension Parameters {
    package static let additionalTarget = Parameter<[String]?>(
        "additional_target", .lora, default: nil,
        help: "Modules outside the adapter that are trained in full and stored with it, by the end of their names.",
        .acts(test: "AdaptersTests/SavedModulesTests"))
    package static let loraAlpha = Parameter<Int?>(
        "lora_alpha", .lora, default: nil, .atLeast(0),
        help: "Scale of the adapter: its output is multiplied by alpha / rank. Absent or 0 means twice the rank.",
        .acts(test: "AdaptersTests/LowRankNumbersTests"))
    package static let loraDropout = Parameter<Double>(
        "lora_dropout", .lora, default: 0, .from(0, below: 1),
        help: "Share of the adapter's inputs that are dropped at random during training.",
        .acts(test: "AdaptersTests/LowRankNumbersTests"))
    package static let loraRank = Parameter<Int>(
        "lora_rank", .lora, default: 8, .atLeast(1),
        help: "Rank of the adapter matrices; a higher rank trains more numbers and can express larger changes.",
        .acts(test: "AdaptersTests/LowRankNumbersTests"))
    package static let loraTarget = Parameter<[String]>(
        "lora_target", .lora, default: ["all"],
        help: """
            Linear layers that get an adapter, by the last part of their names, and embed_tokens for the token \
            embedding; all alone means every linear layer but the output head.
            """,
        .acts(test: "AdaptersTests/TargetResolutionTests"))
    package static let loraplusLrRatio = Parameter<Double?>(
        "loraplus_lr_ratio", .lora, default: nil, .above(0),
        help: "Learning rate of the B matrices divided by that of the A matrices (LoRA+).",
        .acts(test: "OptimizersTests/LoRAPlusTests"))
    package static let loraplusLrEmbedding = Parameter<Double>(
        "loraplus_lr_embedding", .lora, default: 1e-6, .atLeast(0),
        help: "Learning rate of adapters on embeddings when LoRA+ is on.",
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let useRslora = Parameter<Bool>(
        "use_rslora", .lora, default: false,
        help: "Scale the adapter by alpha / sqrt(rank), which keeps large ranks stable.",
        .acts(test: "AdaptersTests/LowRankNumbersTests"))
    package static let useDora = Parameter<Bool>(
        "use_dora", .lora, default: false,
        help: "Split weights into direction and magnitude and train both (DoRA).",
        .acts(test: "AdaptersTests/LowRankNumbersTests"))
    package static let pissaInit = Parameter<Bool>(
        "pissa_init", .lora, default: false,
        help: "Start the adapter from the largest singular vectors of the weights (PiSSA).",
        .acts(test: "TrainingLoopTests/PiSSARunTests"))
    package static let pissaIter = Parameter<Int>(
        "pissa_iter", .lora, default: 16, .atLeast(-1),
        help: "Power iterations of the approximate decomposition for PiSSA; -1 computes it exactly.",
        .acts(test: "TrainingLoopTests/PiSSARunTests"))
    package static let pissaConvert = Parameter<Bool>(
        "pissa_convert", .lora, default: false,
        help: """
            Also leave the folders pissa_init, pissa_backup and pissa_converted. The output itself is an ordinary \
            adapter for the untouched base in any case.
            """,
        .acts(test: "TrainingLoopTests/PiSSARunTests"))
    package static let createNewAdapter = Parameter<Bool>(
        "create_new_adapter", .lora, default: false,
        help: "Merge the given adapters into the base and train a fresh one, instead of going on with the last.",
        .acts(test: "AdaptersTests/AdapterLoadingTests"))
    package static let moduleDropout = Parameter<Double>(
        "module_dropout", .lora, default: 0.0, .from(0, below: 1),
        help: "Share of each layer's blocks that are left unrotated in training by orthogonal fine-tuning.",
        .acts(test: "TrainingLoopTests/OFTRunTests"))
    package static let oftRank = Parameter<Int>(
        "oft_rank", .lora, default: 0, .atLeast(0),
        help: "Blocks in which orthogonal fine-tuning rotates each layer's inputs; 0 fixes their size instead.",
        .acts(test: "TrainingLoopTests/OFTRunTests"))
    package static let oftBlockSize = Parameter<Int>(
        "oft_block_size", .lora, default: 32, .atLeast(0),
        help: "Inputs that orthogonal fine-tuning rotates together; 0 where oft_rank fixes the number of blocks.",
        .acts(test: "TrainingLoopTests/OFTRunTests"))
    package static let oftTarget = Parameter<[String]>(
        "oft_target", .lora, default: ["all"],
        help: "Linear layers that orthogonal fine-tuning rotates the inputs of, by the last part of their names.",
        .acts(test: "TrainingLoopTests/OFTRunTests"))

    static let loraRows: [ParameterDescription] = [
        additionalTarget.description, loraAlpha.description, loraDropout.description, loraRank.description,
        loraTarget.description, loraplusLrRatio.description, loraplusLrEmbedding.description,
        useRslora.description, useDora.description, pissaInit.description, pissaIter.description,
        pissaConvert.description, createNewAdapter.description, moduleDropout.description, oftRank.description,
        oftBlockSize.description, oftTarget.description,
    ]
}
