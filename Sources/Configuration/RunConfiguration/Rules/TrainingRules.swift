extension CrossRule {
    /// Rules between the run, its stage and its data (training-and-inference, 1.5; data, 1.3).
    static let training: [CrossRule] = [
        sftOnly(Parameters.predictWithGenerate) { $0[Parameters.predictWithGenerate] },
        sftOnly(Parameters.neatPacking) { $0[Parameters.neatPacking] },
        sftOnly(Parameters.trainOnPrompt) { $0[Parameters.trainOnPrompt] },
        sftOnly(Parameters.maskHistory) { $0[Parameters.maskHistory] },
        sftOnly(Parameters.useDftLoss) { $0[Parameters.useDftLoss] },
        sftOnly(Parameters.useEaftLoss) { $0[Parameters.useEaftLoss] },
        sftOnly(Parameters.useAsftLoss) { $0[Parameters.useAsftLoss] },
        CrossRule(
            Parameters.useDftLoss, "a run has one loss", hint: "keep one of the DFT, EAFT and ASFT losses"
        ) { $0.lossesOfItsOwn > 1 },
        CrossRule(
            Parameters.labelSmoothingFactor, "labels are smoothed in cross-entropy only",
            hint: "take out `label_smoothing_factor`, or the loss"
        ) { $0[Parameters.labelSmoothingFactor] > 0 && $0.lossesOfItsOwn > 0 },
        CrossRule(
            Parameters.computeAccuracy, "stages pt and sft have labels whose accuracy can be told",
            hint: "take out `compute_accuracy`; the other stages have figures of their own"
        ) { $0[Parameters.computeAccuracy] && ![.pt, .sft].contains($0[Parameters.stage]) },
        CrossRule(
            Parameters.doPredict, "predictions are generated texts, and generating is off",
            hint: "set `predict_with_generate: true`"
        ) {
            $0[Parameters.stage] == .sft && $0[Parameters.doPredict] && !$0[Parameters.predictWithGenerate]
        },
        CrossRule(
            Parameters.loadBestModelAtEnd, "stages rm and ppo cannot load the best model at the end",
            hint: "take out `load_best_model_at_end`"
        ) { [.rm, .ppo].contains($0[Parameters.stage]) && $0[Parameters.loadBestModelAtEnd] },
        CrossRule(
            Parameters.doTrain, "stage ppo only trains; it cannot evaluate", hint: "evaluate with stage sft"
        ) { $0[Parameters.stage] == .ppo && !$0[Parameters.doTrain] },
        CrossRule(
            Parameters.doTrain, "the run would do nothing: training is off", hint: "set `do_train: true`"
        ) { !$0[Parameters.doTrain] && !$0[Parameters.doEval] && !$0[Parameters.doPredict] },
        CrossRule(
            Parameters.doTrain, "evaluating without training is not available yet", hint: "set `do_train: true`"
        ) { !$0[Parameters.doTrain] && ($0[Parameters.doEval] || $0[Parameters.doPredict]) },
        CrossRule(
            Parameters.streaming, "a stream has no epochs, so the run needs a number of steps", hint: "set `max_steps`"
        ) { $0[Parameters.streaming] && $0[Parameters.maxSteps] == -1 },
        CrossRule(
            Parameters.dataset, "training needs data", hint: "set `dataset`"
        ) { $0[Parameters.doTrain] && $0[Parameters.dataset] == nil },
        CrossRule(
            Parameters.evalDataset, "evaluation needs data", hint: "set `eval_dataset` or `val_size`"
        ) {
            ($0.evaluates || $0[Parameters.doPredict] || $0[Parameters.predictWithGenerate])
                && $0[Parameters.evalDataset] == nil && !$0[Parameters.valSize].isPositive
        },
        CrossRule(
            Parameters.predictWithGenerate, "generated texts and token accuracy cannot be computed together",
            hint: "keep `predict_with_generate` or `compute_accuracy`"
        ) { $0[Parameters.predictWithGenerate] && $0[Parameters.computeAccuracy] },
        CrossRule(
            Parameters.loadBestModelAtEnd, "the best model is known only if each evaluation has its checkpoint",
            hint: "set `eval_strategy` and `save_strategy` to the same, steps or epoch"
        ) {
            guard $0[Parameters.loadBestModelAtEnd], $0[Parameters.saveStrategy] != .best else { return false }
            return $0[Parameters.evalStrategy] == .no
                || $0[Parameters.evalStrategy].rawValue != $0[Parameters.saveStrategy].rawValue
        },
        CrossRule(
            Parameters.neftuneNoiseAlpha, "preferences are compared without noise, as without dropout",
            hint: "take out `neftune_noise_alpha`; stages pt, sft and rm train with it"
        ) { $0[Parameters.neftuneNoiseAlpha] != nil && ![.pt, .sft, .rm].contains($0[Parameters.stage]) },
        CrossRule(
            Parameters.earlyStoppingSteps, "training ends early by evaluations, and there are none",
            hint: "set `eval_strategy`, or take out `early_stopping_steps`"
        ) { $0[Parameters.earlyStoppingSteps] != nil && $0[Parameters.evalStrategy] == .no },
        CrossRule(
            Parameters.trainSamplingStrategy, "the lengths of a stream's items are unknown before they come",
            hint: "take out `streaming`, or the grouping by length"
        ) { $0[Parameters.streaming] && $0.groupsByLength },
        CrossRule(
            Parameters.includeEffectiveTokensPerSecond, "the tokens of a stream's epoch are unknown",
            hint: "set `include_num_input_tokens_seen: non_padding` instead"
        ) { $0[Parameters.streaming] && $0[Parameters.includeEffectiveTokensPerSecond] },
        CrossRule(
            Parameters.saveSteps, "to load the best model, `save_steps` must be a multiple of `eval_steps`",
            hint: "change `save_steps` or `eval_steps`"
        ) { $0[Parameters.loadBestModelAtEnd] && $0.savesBetweenEvaluations },
        CrossRule(
            Parameters.saveStrategy, "`save_strategy: best` needs to know what is best",
            hint: "set `metric_for_best_model`, for example to loss"
        ) {
            $0[Parameters.saveStrategy] == .best && $0[Parameters.metricForBestModel] == nil
                && !$0[Parameters.loadBestModelAtEnd]
        },
        CrossRule(
            Parameters.saveStrategy, "`save_strategy: best` compares evaluations, and there are none",
            hint: "set `eval_strategy`"
        ) { $0[Parameters.saveStrategy] == .best && $0[Parameters.evalStrategy] == .no },
    ]

    private static func sftOnly(
        _ parameter: Parameter<Bool>, when isSet: @escaping @Sendable (RunConfiguration) -> Bool
    ) -> CrossRule {
        CrossRule(
            parameter, "`\(parameter.name)` is for stage sft only", hint: "take out `\(parameter.name)`"
        ) { isSet($0) && $0[Parameters.stage] != .sft }
    }
}

extension RunConfiguration {
    fileprivate var lossesOfItsOwn: Int {
        [Parameters.useDftLoss, Parameters.useEaftLoss, Parameters.useAsftLoss].count { self[$0] }
    }

    /// Whether a checkpoint would fall between two evaluations, which leaves the best model unsaved.
    fileprivate var savesBetweenEvaluations: Bool {
        guard self[Parameters.evalStrategy] == .steps, self[Parameters.saveStrategy] == .steps else { return false }
        let save = self[Parameters.saveSteps]
        let evaluation = evaluationSteps
        guard (save < 1) == (evaluation < 1) else { return true }
        // Shares are compared in millionths, as in the reference, because of rounding.
        let unit = save < 1 ? 1_000_000.0 : 1
        return (save * unit).rounded().truncatingRemainder(dividingBy: max(1, (evaluation * unit).rounded())) != 0
    }
}
