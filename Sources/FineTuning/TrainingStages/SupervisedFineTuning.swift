/// Stage `sft`: learning answers to prompts.
package struct SupervisedFineTuning: TrainingStage {
    package init() {}

    package var paddingMultiple: Int { 8 }

    /// The plain mean over batches: a short last batch weighs as much as a full one, as in the reference.
    package func evaluationLoss(of batches: [(mean: Double, items: Int)]) -> Double {
        batches.isEmpty ? 0 : batches.reduce(0) { $0 + $1.mean } / Double(batches.count)
    }

    package func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)] { [] }
}
