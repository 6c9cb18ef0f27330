package import Datasets
package import Tensors

/// `use_dft_loss`: each label counts by its own probability (dynamic fine-tuning, arXiv 2508.05629).
package struct ProbabilityWeightedLoss: TokenLoss {
    private let weighted = NextTokenLoss(weighting: LabelProbability())

    package init() {}

    package func divisor(of group: [[TrainingItem]]) -> Double { weighted.divisor(of: group) }

    package func loss(
        of rows: PackedRows, divisor: Double, learner: Learner, on tape: Tape
    ) throws -> TokenLossResult {
        try weighted.loss(of: rows, divisor: divisor, learner: learner, on: tape)
    }
}

struct LabelProbability: LabelWeighting {
    func weight(_ row: SoftmaxRow) -> Double { row.labelProbability }
}
