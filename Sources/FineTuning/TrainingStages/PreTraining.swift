import Glibc

/// Stage `pt`: learning whole texts.
package struct PreTraining: TrainingStage {
    package init() {}

    package var paddingMultiple: Int { 1 }

    /// The mean of the batches' means weighted by their items; not a mean over tokens.
    package func evaluationLoss(of batches: [(mean: Double, items: Int)]) -> Double {
        let items = batches.reduce(0) { $0 + $1.items }
        return items == 0 ? 0 : batches.reduce(0) { $0 + $1.mean * Double($1.items) } / Double(items)
    }

    package func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)] {
        [("perplexity", exp(evaluationLoss))]
    }
}
