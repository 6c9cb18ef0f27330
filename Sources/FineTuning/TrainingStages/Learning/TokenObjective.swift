import Tensors

/// A loss over tokens with the figures that evaluations tell of it.
struct TokenObjective: Sendable {
    var loss: any TokenLoss
    /// `compute_accuracy`: an evaluation tells the mean over its rows of the share of labels that were the likeliest
    /// tokens; not a share of all labels.
    var tellsAccuracy = false

    private static let accuracy = "accuracy"

    var evaluationFigures: [String] { tellsAccuracy ? [Self.accuracy] : [] }

    /// The loss of one micro-batch; an evaluation's, whose tape does not record, comes with its figures.
    func stageLoss(of rows: PackedRows, divisor: Double, learner: Learner, on tape: Tape) throws -> StageLoss {
        let result = try loss.loss(of: rows, divisor: divisor, learner: learner, on: tape)
        var stageLoss = result.loss
        if tellsAccuracy, !tape.isRecording {
            for share in rows.accuracies(labelled: result.labelled, isBest: result.isBest) {
                stageLoss.figures.add(Self.accuracy, share)
            }
        }
        return stageLoss
    }
}
