package import Datasets
package import Tensors

/// A loss over the labelled tokens of rows. One file each; `TokenLosses` lists them.
package protocol TokenLoss: Sendable {
    /// What the learner must have beside the policy.
    var needs: LearnerNeeds { get }

    /// What the summed losses of an update's micro-batches are divided by.
    func divisor(of group: [[TrainingItem]]) -> Double

    /// The loss of one micro-batch, as the share that it has in its update's loss.
    ///
    /// - Parameter divisor: 0 gives a loss of 0 and no gradient: there is nothing to learn
    func loss(of rows: PackedRows, divisor: Double, learner: Learner, on tape: Tape) throws -> TokenLossResult
}

extension TokenLoss {
    package var needs: LearnerNeeds { LearnerNeeds() }
}

/// A micro-batch's loss, and which labels were the likeliest tokens.
package struct TokenLossResult {
    package let loss: StageLoss
    /// The labelled positions among all tokens, ascending, and whether the label of each was the likeliest.
    package let labelled: [Int]
    package let isBest: [Bool]

    /// - Parameter value: the micro-batch's share of its update's loss
    init(_ entropy: CrossEntropy, value: Double) {
        loss = StageLoss(variable: entropy.count > 0 ? entropy.loss : nil, value: value)
        labelled = entropy.rows
        isBest = entropy.isBest
    }
}
