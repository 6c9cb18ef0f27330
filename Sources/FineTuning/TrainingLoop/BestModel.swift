import Checkpoints
import JSONDocuments
import RunConfiguration

/// Which evaluation was the best so far.
struct BestModelRule: Equatable, Sendable {
    /// Key in the evaluation record, such as `eval_loss`.
    var metric: String
    var largerIsBetter: Bool

    init?(_ configuration: RunConfiguration) {
        guard let metric = configuration.bestModelMetric else { return nil }
        self.metric = metric
        largerIsBetter = configuration.largerMetricIsBetter
    }

    init(metric: String, largerIsBetter: Bool) {
        self.metric = metric
        self.largerIsBetter = largerIsBetter
    }

    /// Takes an evaluation into account; strictly better ones win.
    ///
    /// - Returns: whether it is the best so far
    func update(_ state: inout TrainerState, with record: JSONObject) throws -> Bool {
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
