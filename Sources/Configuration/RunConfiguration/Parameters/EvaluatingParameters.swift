/// Rows of the group `evaluating`.
extension Parameters {
    package static let evalStrategy = Parameter<IntervalStrategy>(
        "eval_strategy", aliases: ["evaluation_strategy"], .evaluating, default: .no,
        help: "When the model is evaluated during training.",
        .acts(test: "TrainingLoopTests"))
    package static let evalSteps = Parameter<Double?>(
        "eval_steps", .evaluating, default: nil, .above(0),
        help: "Steps between two evaluations; logging_steps when absent, below 1 a share of all steps.",
        .acts(test: "TrainingLoopTests"))
    package static let evalDelay = Parameter<Double>(
        "eval_delay", .evaluating, default: 0, .atLeast(0),
        help: "Steps or epochs, as eval_strategy counts, before the first evaluation.",
        .acts(test: "TrainingLoopTests"))
    package static let evalOnStart = Parameter<Bool>(
        "eval_on_start", .evaluating, default: false,
        help: "Evaluate before the first step as well.",
        .acts(test: "TrainingLoopTests"))
    package static let loadBestModelAtEnd = Parameter<Bool>(
        "load_best_model_at_end", .evaluating, default: false,
        help: "Finish with the weights of the best checkpoint instead of the last.",
        .acts(test: "TrainingLoopTests"))
    package static let metricForBestModel = Parameter<String?>(
        "metric_for_best_model", .evaluating, default: nil,
        help: "Figure that decides which checkpoint is best; loss when absent.",
        .acts(test: "TrainingLoopTests"))
    package static let greaterIsBetter = Parameter<Bool?>(
        "greater_is_better", .evaluating, default: nil,
        help: "Whether larger values of that figure are better; by default not for losses.",
        .acts(test: "TrainingLoopTests"))
    package static let predictionLossOnly = Parameter<Bool>(
        "prediction_loss_only", .evaluating, default: false,
        help: "Compute nothing but the loss at evaluation.",
        .cannotMatter("the loss is all that evaluation computes"))
    package static let evalAccumulationSteps = Parameter<Int?>(
        "eval_accumulation_steps", .evaluating, default: nil,
        help: "Batches of predictions kept on the device.",
        .cannotMatter("predictions are never gathered"))
    package static let batchEvalMetrics = Parameter<Bool>(
        "batch_eval_metrics", .evaluating, default: false,
        help: "Compute figures batch by batch.",
        .cannotMatter("figures are always computed batch by batch"))
    package static let evalDoConcatBatches = Parameter<Bool>(
        "eval_do_concat_batches", .evaluating, default: true,
        help: "Join the predictions of batches.",
        .cannotMatter("predictions are never gathered"))
    package static let evalUseGatherObject = Parameter<Bool>(
        "eval_use_gather_object", .evaluating, default: false,
        help: "Gather nested predictions from several devices.",
        .cannotMatter("there is one device"))
    package static let includeForMetrics = Parameter<[String]?>(
        "include_for_metrics", .evaluating, default: nil,
        help: "Further inputs for computing figures.",
        .cannotMatter("the built-in figures need none"))
    package static let generationMaxLength = Parameter<Int?>(
        "generation_max_length", .evaluating, default: nil,
        help: "Longest text generated at evaluation.",
        .notYet("prediction runs"))
    package static let generationNumBeams = Parameter<Int?>(
        "generation_num_beams", .evaluating, default: nil,
        help: "Beams of the generation at evaluation.",
        .notYet("prediction runs"))
    package static let generationConfig = Parameter<String?>(
        "generation_config", .evaluating, default: nil, path: .folder,
        help: "File with generation settings for evaluation.",
        .notYet("prediction runs"))
    package static let sortishSampler = Parameter<Bool>(
        "sortish_sampler", .evaluating, default: false,
        help: "Roughly sort items by length.",
        .cannotMatter("the reference's trainer does not read it; set train_sampling_strategy for training"))

    static let evaluatingRows: [ParameterDescription] = [
        evalStrategy.description, evalSteps.description, evalDelay.description, evalOnStart.description,
        loadBestModelAtEnd.description, metricForBestModel.description, greaterIsBetter.description,
        predictionLossOnly.description, evalAccumulationSteps.description, batchEvalMetrics.description,
        evalDoConcatBatches.description, evalUseGatherObject.description, includeForMetrics.description,
        generationMaxLength.description, generationNumBeams.description, generationConfig.description,
        sortishSampler.description,
    ]
}
