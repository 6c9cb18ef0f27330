extension CrossRule {
    /// Rules of the data parameters alone (data, 1.2).
    static let data: [CrossRule] = [
        CrossRule(
            Parameters.valSize, "`val_size` splits `dataset`, and none is given", hint: "set `dataset`"
        ) { $0[Parameters.valSize].isPositive && $0[Parameters.dataset] == nil },
        CrossRule(
            Parameters.valSize, "`val_size` and `eval_dataset` both say what to evaluate on", hint: "keep one of them"
        ) { $0[Parameters.valSize].isPositive && $0[Parameters.evalDataset] != nil },
        CrossRule(
            Parameters.valSize, "`val_size` must be a share below 1 or a whole number of rows",
            hint: "write 1 instead of 1.0 for one row"
        ) {
            switch $0[Parameters.valSize] {
            case .count(let count): count < 0
            case .fraction(let share): share < 0 || share >= 1
            }
        },
        CrossRule(
            Parameters.interleaveProbs, "`interleave_probs` is for interleaved datasets",
            hint: "set `mix_strategy: interleave_under` or take it out"
        ) { $0[Parameters.interleaveProbs] != nil && $0[Parameters.mixStrategy] == .concat },
        CrossRule(
            Parameters.interleaveProbs, "there must be one of `interleave_probs` for each dataset",
            hint: "give as many as `dataset` names"
        ) { $0.probabilityCountDiffers(from: $0[Parameters.dataset]) },
        CrossRule(
            Parameters.interleaveProbs, "there must be one of `interleave_probs` for each evaluation dataset",
            hint: "`dataset` and `eval_dataset` must name equally many"
        ) { $0.probabilityCountDiffers(from: $0[Parameters.evalDataset]) },
        CrossRule(
            Parameters.interleaveProbs, "`interleave_probs` must not be negative and must add up to 1",
            hint: "change the numbers"
        ) {
            guard let probabilities = $0[Parameters.interleaveProbs] else { return false }
            let isMixed = [$0[Parameters.dataset], $0[Parameters.evalDataset]].contains { Set($0 ?? []).count > 1 }
            return isMixed && !RunConfiguration.addUpToOne(probabilities)
        },
        CrossRule(
            Parameters.cutoffLen, "packing keeps one token free, so `cutoff_len: 1` leaves none",
            hint: "raise `cutoff_len`"
        ) { $0.cutoffLengthInEffect < 1 },
        CrossRule(
            Parameters.streaming, "a stream's length is unknown, so `val_size` must be a number of rows",
            hint: "write an integer"
        ) {
            guard $0[Parameters.streaming], case .fraction(let share) = $0[Parameters.valSize] else { return false }
            return share > 1e-6 && share < 1
        },
        CrossRule(
            Parameters.disableShuffling, "`disable_shuffling` does not reach a stream, which is shuffled in its buffer",
            hint: "set `buffer_size: 1` instead"
        ) { $0[Parameters.streaming] && $0.keepsOrder },
        CrossRule(
            Parameters.maxSamples, "`max_samples` cannot cut a stream", hint: "take out `streaming` or `max_samples`"
        ) { $0[Parameters.streaming] && $0[Parameters.maxSamples] != nil },
        CrossRule(
            Parameters.maskHistory, "`mask_history` and `train_on_prompt` contradict each other",
            hint: "keep one of them"
        ) { $0[Parameters.maskHistory] && $0[Parameters.trainOnPrompt] },
    ]
}

extension RunConfiguration {
    fileprivate func probabilityCountDiffers(from names: [String]?) -> Bool {
        guard let probabilities = self[Parameters.interleaveProbs], let names,
            self[Parameters.mixStrategy] != .concat
        else { return false }
        return probabilities.count != names.count
    }
}
