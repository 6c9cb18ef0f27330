package import RunConfiguration

/// What to change in a run that needs too much memory.
package enum PlanAlternatives {
    /// Overrides to try in this order, each a whole set: what changes no number first, then smaller micro-batches with
    /// as many items in an update, then shorter items, then an adapter in place of the whole model.
    ///
    /// - Parameter longestItem: tokens of the longest item; a `cutoff_len` above it cuts nothing
    package static func overrides(for configuration: RunConfiguration, longestItem: Int) -> [[String]] {
        var sets: [[String]] = []
        var base: [String] = []
        if configuration[Parameters.disableGradientCheckpointing] {
            base.append("disable_gradient_checkpointing=false")
            sets.append(base)
        }
        let batches = smallerBatches(configuration)
        sets += batches.map { base + $0 }
        let smallest = batches.last ?? []
        let cutoffs = shorterItems(configuration, longestItem: longestItem)
        sets += cutoffs.map { base + smallest + [$0] }
        guard !configuration[Parameters.finetuningType].trainsAdapter, !configuration[Parameters.trainFromScratch]
        else {
            return sets
        }
        base.append("finetuning_type=lora")
        sets.append(base)
        sets += batches.map { base + $0 }
        sets += cutoffs.map { base + smallest + [$0] }
        return sets
    }

    private static func smallerBatches(_ configuration: RunConfiguration) -> [[String]] {
        let size = configuration[Parameters.perDeviceTrainBatchSize]
        let items = size * configuration[Parameters.gradientAccumulationSteps]
        var evaluation = configuration[Parameters.perDeviceEvalBatchSize]
        var sets: [[String]] = []
        var next = size
        while next > 1 || configuration.evaluates && evaluation > 1 {
            next = max(1, next / 2)
            // Only a divisor keeps the number of items in an update.
            while items % next != 0 { next -= 1 }
            var set: [String] = []
            if next != size {
                set = ["per_device_train_batch_size=\(next)", "gradient_accumulation_steps=\(items / next)"]
            }
            if configuration.evaluates, evaluation > next {
                evaluation = next
                set.append("per_device_eval_batch_size=\(next)")
            }
            sets.append(set)
        }
        return sets
    }

    private static func shorterItems(_ configuration: RunConfiguration, longestItem: Int) -> [String] {
        var sets: [String] = []
        var length = min(configuration[Parameters.cutoffLen], longestItem) / 2
        while length >= 128 {
            sets.append("cutoff_len=\(length)")
            length /= 2
        }
        return sets
    }
}
