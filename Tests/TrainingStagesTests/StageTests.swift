import Datasets
import RunConfiguration
import Testing
import TrainingStages

struct StageTests {
    private static let batches = [(mean: 5.67293, items: 2), (mean: 5.72848, items: 2), (mean: 5.73841, items: 1)]

    private let pretraining: PreTraining

    init() throws { pretraining = PreTraining(try RunConfiguration.parse(yaml: "stage: pt", name: "test")) }

    @Test func evaluationLossOfSft() {
        #expect(abs(SupervisedFineTuning().evaluationLoss(of: Self.batches) - 5.7132721) < 2e-6)
        #expect(SupervisedFineTuning().evaluationLoss(of: []) == 0)
    }

    @Test func evaluationLossOfPt() {
        #expect(abs(pretraining.evaluationLoss(of: Self.batches) - 5.7082446) < 2e-6)
        #expect(pretraining.evaluationLoss(of: []) == 0)
    }

    @Test func divisorCountsLabelsBeforeTheyAreShifted() throws {
        let rows = [
            TrainingItem(inputIDs: [1, 2, 3], labels: [1, 2, 3]),
            TrainingItem(inputIDs: [1, 2, 3], labels: [-100, -100, 3]),
        ]
        let group = rows.map { [PreparedItem.sequence($0)] }
        #expect(try SupervisedFineTuning().divisor(of: group) == 4)
        #expect(try SupervisedFineTuning(loss: NextTokenLoss(labelSmoothing: 0.1)).divisor(of: group) == 3)
        #expect(try pretraining.divisor(of: group) == 4)
    }

    /// Rows of one micro-batch get the padding that they learn; those of another do not count.
    @Test func learnedPaddingCountsAsLabels() throws {
        let stage = SupervisedFineTuning(learnedPadding: 0)
        let short = PreparedItem.sequence(TrainingItem(inputIDs: [1, 2], labels: [-100, 2]))
        let long = PreparedItem.sequence(
            TrainingItem(inputIDs: [Int32](1...9), labels: [Int32](repeating: -100, count: 8) + [9]))
        #expect(try stage.divisor(of: [[short, long]]) == 1 + 14 + 1 + 7)
        #expect(try stage.divisor(of: [[short], [long]]) == 1 + 6 + 1 + 7)
    }

    @Test func itemsOfAnotherKindAreErrors() throws {
        let row = TrainingItem(inputIDs: [1, 2], labels: [1, 2])
        let sequence = PreparedItem.sequence(row)
        let others: [PreparedItem] = [
            .preference(PreferencePair(chosen: row, rejected: row)),
            .feedback(FeedbackItem(target: row, mismatched: row, isDesired: true)),
            .prompt(PromptItem(inputIDs: [1], labels: [2])),
        ]
        try pretraining.check(sequence)
        for other in others {
            let error = #expect(throws: StageError.self) { try pretraining.check(other) }
            #expect(error.map { "\($0)".contains(other.kind.rawValue) } == true)
            #expect(throws: StageError.self) { try SupervisedFineTuning().divisor(of: [[sequence, other]]) }
        }
    }
}

struct StageFigureTests {
    @Test func meansAreOfWhatWasAdded() {
        var figures = StageFigures()
        #expect(figures.isEmpty && figures.mean("a") == nil)
        figures.add("b", 3)
        figures.add("a", 6, weight: 4)
        var more = StageFigures()
        more.add("a", 3, weight: 2)
        more.add("b", 4)
        more.add("none", 0, weight: 0)
        figures.add(more)
        #expect(figures.mean("a") == 1.5 && figures.mean("b") == 3.5)
        #expect(figures.means.map(\.name) == ["b", "a"])
    }
}
