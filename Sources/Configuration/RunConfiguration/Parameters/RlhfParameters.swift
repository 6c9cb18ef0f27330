/// Rows of the group `rlhf`.
extension Parameters {
    package static let prefBeta = Parameter<Double>(
        "pref_beta", .rlhf, default: 0.1,
        help: "Strength with which preference losses hold the model to the reference (beta).",
        .acts(test: "TrainingStagesTests/PreferenceLossTests"))
    package static let prefFtx = Parameter<Double>(
        "pref_ftx", .rlhf, default: 0.0,
        help: "Weight of the supervised loss on chosen answers added to a preference loss.",
        .acts(test: "TrainingStagesTests/PreferenceLossTests"))
    package static let prefLoss = Parameter<String>(
        "pref_loss", .rlhf, default: "sigmoid",
        choices: ["sigmoid", "hinge", "ipo", "kto_pair", "orpo", "simpo"],
        help: "The preference loss of stage dpo.",
        .acts(test: "TrainingStagesTests/PreferenceLossTests"))
    package static let dpoLabelSmoothing = Parameter<Double>(
        "dpo_label_smoothing", .rlhf, default: 0.0, .within(0, 0.5),
        help: "Assumed share of swapped labels in the DPO sigmoid loss.",
        .acts(test: "TrainingStagesTests/PreferenceLossTests"))
    package static let ktoChosenWeight = Parameter<Double>(
        "kto_chosen_weight", .rlhf, default: 1.0,
        help: "Weight of desirable examples in KTO.",
        .acts(test: "TrainingStagesTests/FeedbackLossTests"))
    package static let ktoRejectedWeight = Parameter<Double>(
        "kto_rejected_weight", .rlhf, default: 1.0,
        help: "Weight of undesirable examples in KTO.",
        .acts(test: "TrainingStagesTests/FeedbackLossTests"))
    package static let simpoGamma = Parameter<Double>(
        "simpo_gamma", .rlhf, default: 0.5,
        help: "Margin between chosen and rejected rewards in SimPO.",
        .acts(test: "TrainingStagesTests/PreferenceLossTests"))
    package static let ppoBufferSize = Parameter<Int>(
        "ppo_buffer_size", .rlhf, default: 1,
        help: "Rollout batches gathered before each PPO update.",
        .notYet("reinforcement learning"))
    package static let ppoEpochs = Parameter<Int>(
        "ppo_epochs", .rlhf, default: 4,
        help: "Passes over each buffer of rollouts in PPO.",
        .notYet("reinforcement learning"))
    package static let ppoScoreNorm = Parameter<Bool>(
        "ppo_score_norm", .rlhf, default: false,
        help: "Normalise reward scores by running mean and deviation in PPO.",
        .notYet("reinforcement learning"))
    package static let ppoTarget = Parameter<Double>(
        "ppo_target", .rlhf, default: 6.0,
        help: "KL divergence that the adaptive controller of PPO aims for.",
        .notYet("reinforcement learning"))
    package static let ppoWhitenRewards = Parameter<Bool>(
        "ppo_whiten_rewards", .rlhf, default: false,
        help: "Normalise the rewards before computing advantages in PPO.",
        .notYet("reinforcement learning"))
    package static let prefBcoWeight = Parameter<Double>(
        "pref_bco_weight", .rlhf, default: 0.0,
        help: "Weight of the binary classifier loss added to DPO.",
        .acts(test: "TrainingStagesTests/PreferenceLossTests"))
    package static let ldAlpha = Parameter<Double?>(
        "ld_alpha", .rlhf, default: nil,
        help: "Weight of the tokens beyond the shorter answer in length-desensitised DPO.",
        .acts(test: "TrainingStagesTests/StageGradientTests"))
    package static let refModel = Parameter<String?>(
        "ref_model", .rlhf, default: nil, path: .folder,
        help: "Model that preference training is measured against, and that the ASFT loss holds to.",
        .acts(test: "TrainingLoopTests/ReferenceModelTests"))
    package static let refModelAdapters = Parameter<[String]?>(
        "ref_model_adapters", .rlhf, default: nil, path: .folder,
        help: "Adapters of the reference model.",
        .acts(test: "TrainingLoopTests/ReferenceModelTests"))
    package static let refModelQuantizationBit = Parameter<Int?>(
        "ref_model_quantization_bit", .rlhf, default: nil,
        choices: ["4", "8"],
        help: "Bits of the quantized reference model: 4 or 8.",
        .notYet("a quantized reference model"))
    package static let rewardModel = Parameter<String?>(
        "reward_model", .rlhf, default: nil, path: .folder,
        help: "Model that scores the answers in PPO.",
        .notYet("reinforcement learning"))
    package static let rewardModelAdapters = Parameter<[String]?>(
        "reward_model_adapters", .rlhf, default: nil, path: .folder,
        help: "Adapters of the reward model.",
        .notYet("reinforcement learning"))
    package static let rewardModelQuantizationBit = Parameter<Int?>(
        "reward_model_quantization_bit", .rlhf, default: nil,
        choices: ["4", "8"],
        help: "Bits of the quantized reward model: 4 or 8.",
        .notYet("reinforcement learning"))
    package static let rewardModelType = Parameter<String>(
        "reward_model_type", .rlhf, default: "lora",
        choices: ["lora", "full", "api"],
        help: "How the reward model is stored: an adapter with a value head, a whole model, or a server.",
        .notYet("reinforcement learning"))

    static let rlhfRows: [ParameterDescription] = [
        prefBeta.description, prefFtx.description, prefLoss.description, dpoLabelSmoothing.description,
        ktoChosenWeight.description, ktoRejectedWeight.description, simpoGamma.description,
        ppoBufferSize.description, ppoEpochs.description, ppoScoreNorm.description, ppoTarget.description,
        ppoWhitenRewards.description, prefBcoWeight.description, ldAlpha.description, refModel.description,
        refModelAdapters.description, refModelQuantizationBit.description, rewardModel.description,
        rewardModelAdapters.description, rewardModelQuantizationBit.description, rewardModelType.description,
    ]
}
