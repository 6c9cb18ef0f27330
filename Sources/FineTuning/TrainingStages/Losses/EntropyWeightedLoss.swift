package import Datasets
import Glibc
package import Tensors

/// `use_eaft_loss`: each label counts by how open the prediction is there, so that what contradicts a sure one moves it
/// little (entropy-adaptive fine-tuning, arXiv 2601.02151).
package struct EntropyWeightedLoss: TokenLoss {
    private let weighted: NextTokenLoss

    package init(exponent: Double) {
        weighted = NextTokenLoss(weighting: PredictionEntropy(exponent: exponent))
    }

    package func divisor(of group: [[TrainingItem]]) -> Double { weighted.divisor(of: group) }

    package func loss(
        of rows: PackedRows, divisor: Double, learner: Learner, on tape: Tape
    ) throws -> TokenLossResult {
        try weighted.loss(of: rows, divisor: divisor, learner: learner, on: tape)
    }
}

/// `(H / 3)^exponent`; H is the entropy over the 20 likeliest tokens, which is 3 where those are equally likely.
struct PredictionEntropy: LabelWeighting {
    let exponent: Double

    func weight(_ row: SoftmaxRow) -> Double { pow(row.entropy(ofLikeliest: 20) / 3, exponent) }
}
