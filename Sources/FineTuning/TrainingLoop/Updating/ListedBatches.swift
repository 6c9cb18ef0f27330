package import Datasets

/// Items that are all in memory, in an order that is a function of seed and epoch.
package final class ListedBatches: BatchSource {
    private let items: [PreparedItem]
    private let plan: StepPlan
    private let order: DataOrder
    private let dropsLast: Bool
    /// The epoch whose batches are at hand.
    private var epoch: (number: Int, batches: [[Int]])?

    package init(_ items: [PreparedItem], plan: StepPlan, order: DataOrder, dropsLast: Bool) {
        self.items = items
        self.plan = plan
        self.order = order
        self.dropsLast = dropsLast
    }

    package var updatesPerEpoch: Int { plan.stepsPerEpoch }

    package func batches(ofStep step: Int) -> UpdateBatches {
        let place = plan.place(ofStep: step)
        return UpdateBatches(
            groups: [batches(ofEpoch: place.epoch)[place.batches].map { $0.map { items[$0] } }],
            epochAfter: plan.epoch(afterSteps: step + 1), endsEpoch: place.batches.upperBound == plan.batchesPerEpoch)
    }

    private func batches(ofEpoch number: Int) -> [[Int]] {
        if let epoch, epoch.number == number { return epoch.batches }
        let batches = order.batches(epoch: number, dropLast: dropsLast)
        epoch = (number, batches)
        return batches
    }
}
