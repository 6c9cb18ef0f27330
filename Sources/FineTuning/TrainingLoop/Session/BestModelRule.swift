package import Checkpoints
package import JSONDocuments
package import RunConfiguration

/// Which evaluation was the best so far.
package struct BestModelRule: Equatable, Sendable {
    /// Key in the evaluation record, such as `eval_loss`.
    package var metric: String
    package var largerIsBetter: Bool

    package init?(_ configuration: RunConfiguration) {
        guard let metric = configuration.bestModelMetric else { return nil }
        self.metric = metric
        largerIsBetter = configuration.largerMetricIsBetter
    }

    package init(metric: String, largerIsBetter: Bool) {
        self.metric = metric
        self.largerIsBetter = largerIsBetter
    }

    /// Takes an evaluation into account; strictly better ones win.
    ///
    /// - Returns: whether it is the best so far
    package func update(_ state: inout TrainerState, with record: JSONObject) throws -> Bool {
        guard let value = record[metric]?.double else {
            throw TrainingError.metricMissing(
                name: metric, available: record.keys.filter { $0.hasPrefix("eval_") })
        }
        if let best = state.bestMetric, largerIsBetter ? value <= best : value >= best { return false }
        state.bestMetric = value
        state.bestStep = state.step
        return true
    }
}
