import Datasets
import Tensors
import Testing
import TrainingStages

/// What losses are divided by, and the accuracies that evaluations tell of them.
struct TokenLossTests {
    private static let rows = [
        TrainingItem(inputIDs: [1, 2, 3, 4], labels: [-100, 2, 3, 4]),
        TrainingItem(inputIDs: [5, 6], labels: [-100, -100]),
        TrainingItem(inputIDs: [7, 8, 9], labels: [7, -100, 9]),
    ]

    /// A row's first label has nothing before it, and a row without labels has no accuracy.
    @Test func accuracyIsTheMeanOfRows() throws {
        let packed = try PackedRows(Self.rows)
        let shares = packed.accuracies(labelled: [0, 1, 2, 7], isBest: [true, false, true, true])
        #expect(shares == [2.0 / 3, 1])
        #expect(packed.accuracies(labelled: [7], isBest: [false]) == [0])
    }

    @Test func rowsAreAsLongAsTheReferencesBatch() throws {
        #expect(try PackedRows(Self.rows).paddedLength == 4)
        #expect(try PackedRows(Self.rows, paddedTo: 8).paddedLength == 8)
    }

    /// An update's anchored loss is the mean of its micro-batches; the weighted ones are shares of all its labels.
    @Test func divisorsAreThoseOfTheSpecification() {
        let group = Self.rows.map { [$0] }
        #expect(AnchoredLoss(strength: 0.1).divisor(of: group) == 3)
        #expect(ProbabilityWeightedLoss().divisor(of: group) == 5)
        #expect(EntropyWeightedLoss(exponent: 1).divisor(of: group) == 5)
        #expect(NextTokenLoss(labelSmoothing: 0.1).divisor(of: group) == 4)
        #expect(AnchoredLoss(strength: 0.1).needs == LearnerNeeds(reference: true))
    }
}
