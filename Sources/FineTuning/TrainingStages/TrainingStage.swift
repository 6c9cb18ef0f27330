package import Datasets
package import Tensors

/// What a run trains for: how a batch of items becomes a loss and named figures, and what evaluating means.
///
/// A stage holds its settings and no state; what it has to remember from update to update is in its `StageMemory`.
/// One file each; `TrainingStages` lists them.
package protocol TrainingStage: Sendable {
    /// The stage's name in messages.
    var name: String { get }
    /// What it learns from; any other kind of item is an error.
    var itemKind: PreparedItem.Kind { get }
    /// What the learner must have beside the policy.
    var needs: LearnerNeeds { get }
    /// Whether dropout acts while it trains.
    var usesDropout: Bool { get }
    /// Whether losses that a model has of its own count beside the stage's, such as one that balances experts.
    var takesAuxiliaryLosses: Bool { get }
    /// Rows of the reference's batches are padded to a multiple of this; counts of tokens depend on it.
    var paddingMultiple: Int { get }

    /// The rows of the reference's batch, whose tokens are counted.
    func countedRows(of items: [PreparedItem]) throws -> [TrainingItem]

    /// What the losses of the micro-batches of one update are divided by.
    func divisor(of group: [[PreparedItem]]) throws -> Double

    /// The loss of one micro-batch, as the share that it has in its update's loss.
    ///
    /// A tape that does not record is an evaluation's, of this batch alone; it must leave `memory` as it is.
    func loss(
        of items: [PreparedItem], divisor: Double, learner: Learner, on tape: Tape, memory: inout StageMemory
    ) throws -> StageLoss

    /// Changes what is trained by one update's micro-batches.
    func update(_ groups: [[[PreparedItem]]], by steps: some UpdateSteps, memory: inout StageMemory) throws
        -> StageUpdate

    /// What a record says of the figures gathered since the last one.
    func record(of figures: StageFigures) -> [(name: String, value: Double)]
    /// The loss of an evaluation from the mean loss of each batch and its number of items.
    func evaluationLoss(of batches: [(mean: Double, items: Int)]) -> Double
    /// Figures that only the evaluation after training has, from its loss; under names without prefix.
    func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)]
    /// Figures that are drawn after training beside the losses: a record's, and an evaluation's without prefix.
    var drawnFigures: (training: [String], evaluation: [String]) { get }
}

extension TrainingStage {
    package var needs: LearnerNeeds { LearnerNeeds() }
    package var usesDropout: Bool { true }
    package var takesAuxiliaryLosses: Bool { false }

    package func countedRows(of items: [PreparedItem]) throws -> [TrainingItem] { items.flatMap(\.rows) }

    /// Each micro-batch's loss is its own mean, and an update's the mean of those.
    package func divisor(of group: [[PreparedItem]]) throws -> Double { Double(group.count) }

    package func record(of figures: StageFigures) -> [(name: String, value: Double)] { figures.means }

    /// The mean of the batches' means weighted by their items; not a mean over tokens.
    package func evaluationLoss(of batches: [(mean: Double, items: Int)]) -> Double {
        let items = batches.reduce(0) { $0 + $1.items }
        return items == 0 ? 0 : batches.reduce(0) { $0 + $1.mean * Double($1.items) } / Double(items)
    }

    package func finalMetrics(evaluationLoss: Double) -> [(name: String, value: Double)] { [] }

    package var drawnFigures: (training: [String], evaluation: [String]) { ([], []) }

    /// - Throws: `StageError.wrongItem`
    package func check(_ item: PreparedItem) throws {
        guard item.kind == itemKind else {
            throw StageError.wrongItem(stage: name, expected: itemKind, found: item.kind)
        }
    }
}
