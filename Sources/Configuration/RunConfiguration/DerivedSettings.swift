/// Settings that follow from several parameters, derived once for everybody (training-and-inference, 1.4; data, 1.1).
extension RunConfiguration {
    /// `cache_dir` as a path that starts at `workingDirectory` when it is relative.
    package func hubCacheFolder(in workingDirectory: String?) -> String? {
        guard let folder = self[Parameters.cacheDir] else { return nil }
        return folder.hasPrefix("/") ? folder : "\(workingDirectory ?? "")/\(folder)"
    }

    /// The paths of the adapters given, where they are paths: with `adapter_folder` behind each.
    package var adapterPaths: [String] {
        (self[Parameters.adapterNameOrPath] ?? []).map { path in
            self[Parameters.adapterFolder].map { "\(path)/\($0)" } ?? path
        }
    }

    /// The adapter's scale before division by the rank: absent and 0 both mean twice the rank.
    package var loraAlphaInEffect: Int {
        let alpha = self[Parameters.loraAlpha] ?? 0
        return alpha == 0 ? 2 * self[Parameters.loraRank] : alpha
    }

    /// How exactly a training run multiplies: what `matmul_precision` says and, where that is `auto`, float32 unless
    /// `bf16` allows less and the processor's tiles make less faster.
    package func matmulPrecisionInEffect(hasTiles: Bool) -> String {
        let asked = self[Parameters.matmulPrecision]
        return asked != "auto" ? asked : self[Parameters.bf16] && hasTiles ? "medium" : "highest"
    }

    /// Whether it is left to the plan which layers keep their activations and which compute them again.
    package var leavesRecomputationOpen: Bool {
        !isExplicit(Parameters.disableGradientCheckpointing) && !isExplicit(Parameters.gradientCheckpointing)
    }

    /// Whether items are packed: stage pt does unless told not to, and `neat_packing` asks for it in any case.
    package var packs: Bool {
        self[Parameters.neatPacking] || (self[Parameters.packing] ?? (self[Parameters.stage] == .pt))
    }

    /// `cutoff_len`, one less where the reference reserves a token: packing that was asked for by name.
    package var cutoffLengthInEffect: Int {
        let asksToPack = self[Parameters.packing] == true || self[Parameters.neatPacking]
        return self[Parameters.cutoffLen] - (asksToPack ? 1 : 0)
    }

    /// Whether the model is evaluated: asked for, or implied by `eval_strategy`.
    package var evaluates: Bool {
        self[Parameters.doEval] || self[Parameters.evalStrategy] != .no
    }

    /// Steps between two evaluations, below 1 a share of all steps.
    package var evaluationSteps: Double {
        self[Parameters.evalSteps] ?? self[Parameters.loggingSteps]
    }

    /// The log's key of the figure that decides which checkpoint is best, nil when nothing does.
    package var bestModelMetric: String? {
        let needsMetric =
            self[Parameters.loadBestModelAtEnd] || self[Parameters.lrSchedulerType] == .reduceOnPlateau
            || self[Parameters.earlyStoppingSteps] != nil
        guard let metric = self[Parameters.metricForBestModel] ?? (needsMetric ? "loss" : nil) else { return nil }
        return metric.hasPrefix("eval_") ? metric : "eval_" + metric
    }

    /// Whether larger values of that figure are better.
    package var largerMetricIsBetter: Bool {
        self[Parameters.greaterIsBetter] ?? !(bestModelMetric ?? "loss").hasSuffix("loss")
    }

    /// Whether items are taken in their own order; wins over `groupsByLength`.
    package var keepsOrder: Bool {
        self[Parameters.disableShuffling] || self[Parameters.trainSamplingStrategy] == .sequential
    }

    /// Whether items of similar length share a batch.
    package var groupsByLength: Bool {
        !keepsOrder && (self[Parameters.groupByLength] || self[Parameters.trainSamplingStrategy] == .groupByLength)
    }

    /// Whether the tokenizer gets tokens.
    package var addsTokens: Bool {
        !(self[Parameters.addTokens] ?? []).isEmpty || !(self[Parameters.newSpecialTokens] ?? []).isEmpty
            || self[Parameters.newSpecialTokensConfig] != nil
    }

    /// The seed of the data's order.
    package var dataSeed: Int {
        self[Parameters.dataSeed] ?? self[Parameters.seed]
    }

    /// Whether numbers can be the probabilities of drawing each dataset.
    package static func addUpToOne(_ probabilities: [Double]) -> Bool {
        abs(probabilities.reduce(0, +) - 1) <= 1e-8 && probabilities.allSatisfy { $0 >= 0 }
    }
}
