import Datasets
import RunConfiguration
import Testing

import TrainingStages

struct StageTests {
    private static let batches = [(mean: 5.67293, items: 2), (mean: 5.72848, items: 2), (mean: 5.73841, items: 1)]

    @Test func evaluationLossOfSft() {
        #expect(abs(SupervisedFineTuning().evaluationLoss(of: Self.batches) - 5.7132721) < 2e-6)
    }

    @Test func evaluationLossOfPt() {
        #expect(abs(PreTraining().evaluationLoss(of: Self.batches) - 5.7082446) < 2e-6)
    }

    @Test func divisorCountsLabelsBeforeTheyAreShifted() {
        let items = [
            TrainingItem(inputIDs: [1, 2, 3], labels: [1, 2, 3]),
            TrainingItem(inputIDs: [1, 2, 3], labels: [-100, -100, 3]),
        ]
        #expect(CausalLoss().divisor(of: items) == 4)
        #expect(CausalLoss(labelSmoothing: 0.1).divisor(of: items) == 3)
    }

    @Test func stagesThatAreNotThere() {
        #expect(TrainingStages.rules(for: .dpo) == nil && TrainingStages.rules(for: .sft) != nil)
    }
}
