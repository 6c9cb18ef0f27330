/// Rows of the group `method`.
extension Parameters {
    package static let stage = Parameter<Stage>(
        "stage", .method, default: .sft,
        help: """
            What the run trains for: pt continues pre-training on raw text, sft learns responses to \
            prompts, rm fits a reward model, and ppo, dpo and kto learn from preferences.
            """,
        .acts(test: "GoldenTests/RunGoldenTests"),
        except: [.oneOf("ppo", effect: .notYet("reinforcement learning"))])
    package static let finetuningType = Parameter<FinetuningType>(
        "finetuning_type", .method, default: .lora,
        help: """
            Which weights change: lora trains a low-rank adapter beside frozen weights, oft one that rotates \
            their inputs, full trains everything, freeze trains chosen layers.
            """,
        .acts(test: "GoldenTests/RunGoldenTests"))
    package static let doTrain = Parameter<Bool>(
        "do_train", .method, default: false,
        help: "Train the model; a training run needs it.",
        .acts(test: "RunConfigurationTests/CrossRuleTests"))
    package static let doEval = Parameter<Bool>(
        "do_eval", .method, default: false,
        help: "Evaluate once more after training; on by itself whenever eval_strategy is not no.",
        .acts(test: "TrainingLoopTests"))
    package static let doPredict = Parameter<Bool>(
        "do_predict", .method, default: false,
        help: "Generate answers for the evaluation set and save them.",
        .notYet("prediction runs"))
    package static let predictWithGenerate = Parameter<Bool>(
        "predict_with_generate", .method, default: false,
        help: "Generate text when evaluating or predicting, to compare it with the reference answers.",
        .notYet("prediction runs"))
    package static let computeAccuracy = Parameter<Bool>(
        "compute_accuracy", .method, default: false,
        help: """
            Report at evaluation the share of labels that were the likeliest token: eval_accuracy, the mean of each \
            row's share.
            """,
        .acts(test: "TrainingLoopTests/ReferenceRunTests"))
    package static let pureBf16 = Parameter<Bool>(
        "pure_bf16", .method, default: false,
        help: "Hold weights, gradients and optimizer state in bfloat16, without float32 copies.",
        .refused(
            "what is trained is float32, for in bfloat16 small updates are lost in rounding; frozen weights keep theirs",
            instead: "for less memory use GaLore, BAdam, adafactor or adamw_8bit"))
    package static let useLlamaPro = Parameter<Bool>(
        "use_llama_pro", .method, default: false,
        help: "Train only the blocks that were inserted to expand the model (LLaMA Pro).",
        .acts(test: "TrainingLoopTests/TuningMethodTests"))
    package static let useAdamMini = Parameter<Bool>(
        "use_adam_mini", .method, default: false,
        help: "Use Adam-mini, which shares one second moment among many weights.",
        .acts(test: "GoldenTests/OptimizerGoldenTests"))
    package static let useMuon = Parameter<Bool>(
        "use_muon", .method, default: false,
        help: "Use Muon, which orthogonalises the update of matrices.",
        .acts(test: "GoldenTests/OptimizerGoldenTests"))
    package static let useDftLoss = Parameter<Bool>(
        "use_dft_loss", .method, default: false,
        help: "Weight each token of the loss by its own probability (dynamic fine-tuning).",
        .acts(test: "GoldenTests/LossGoldenTests"))
    package static let useAsftLoss = Parameter<Bool>(
        "use_asft_loss", .method, default: false,
        help: "Hold the dynamic fine-tuning loss to the model that training began with, or that the adapter stands on.",
        .acts(test: "GoldenTests/LossGoldenTests"))
    package static let asftAlpha = Parameter<Double>(
        "asft_alpha", .method, default: 0.1,
        help: "Weight of the divergence from that model.",
        .acts(test: "GoldenTests/LossGoldenTests"))
    package static let useEaftLoss = Parameter<Bool>(
        "use_eaft_loss", .method, default: false,
        help: "Weight each token of the loss by the entropy of the prediction over its 20 likeliest tokens.",
        .acts(test: "TrainingLoopTests/ReferenceRunTests"))
    package static let eaftAlpha = Parameter<Double>(
        "eaft_alpha", .method, default: 1.0,
        help: "Exponent of the entropy weights of the EAFT loss.",
        .acts(test: "TrainingLoopTests/ReferenceRunTests"))
    package static let freezeVisionTower = Parameter<Bool>(
        "freeze_vision_tower", .method, default: true,
        help: "Keep the image encoder of a multimodal model fixed.",
        .notYet("multimodal models"))
    package static let freezeMultiModalProjector = Parameter<Bool>(
        "freeze_multi_modal_projector", .method, default: true,
        help: "Keep the projector between image encoder and language model fixed.",
        .notYet("multimodal models"))
    package static let freezeLanguageModel = Parameter<Bool>(
        "freeze_language_model", .method, default: false,
        help: "Keep the language part of a multimodal model fixed.",
        .notYet("multimodal models"))

    static let methodRows: [ParameterDescription] = [
        stage.description, finetuningType.description, doTrain.description, doEval.description,
        doPredict.description, predictWithGenerate.description, computeAccuracy.description,
        pureBf16.description, useLlamaPro.description, useAdamMini.description, useMuon.description,
        useDftLoss.description, useAsftLoss.description, asftAlpha.description, useEaftLoss.description,
        eaftAlpha.description, freezeVisionTower.description, freezeMultiModalProjector.description,
        freezeLanguageModel.description,
    ]
}
