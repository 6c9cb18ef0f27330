/// How many updates a run makes, and which micro-batches belong to each.
///
/// Accumulation never crosses the end of an epoch: its last update takes the micro-batches that are left.
package struct StepPlan: Hashable, Sendable {
    /// Micro-batches of an epoch.
    package let batchesPerEpoch: Int
    package let accumulation: Int
    /// Updates of an epoch.
    package let stepsPerEpoch: Int
    /// Updates of the whole run.
    package let totalSteps: Int
    /// Epochs that are begun.
    package let epochs: Int

    /// - Parameters:
    ///   - batchSize: sequences in a micro-batch.
    ///   - accumulation: micro-batches in an update.
    ///   - epochs: may be a fraction; not looked at if `maxSteps` is above zero.
    /// - Throws: `DataError.noBatches` if dropping the last short batch leaves none.
    package init(
        items: Int, batchSize: Int, accumulation: Int, epochs: Double, maxSteps: Int = -1, dropLast: Bool = false
    ) throws {
        precondition(batchSize > 0 && accumulation > 0)
        batchesPerEpoch = dropLast ? items / batchSize : (items + batchSize - 1) / batchSize
        guard batchesPerEpoch > 0 else { throw DataError.noBatches(items: items, batchSize: batchSize) }
        self.accumulation = accumulation
        stepsPerEpoch = (batchesPerEpoch + accumulation - 1) / accumulation
        if maxSteps > 0 {
            totalSteps = maxSteps
            self.epochs = (maxSteps + stepsPerEpoch - 1) / stepsPerEpoch
        } else {
            guard let steps = Int(exactly: (epochs * Double(stepsPerEpoch)).rounded(.up)),
                let begun = Int(exactly: epochs.rounded(.up))
            else { throw DataError.tooManySteps(epochs: epochs) }
            totalSteps = steps
            self.epochs = begun
        }
    }

    /// Where the update number `step` (from 0) lies: its epoch and its micro-batches there.
    package func place(ofStep step: Int) -> (epoch: Int, batches: Range<Int>) {
        let first = step % stepsPerEpoch * accumulation
        return (step / stepsPerEpoch, first..<min(first + accumulation, batchesPerEpoch))
    }

    /// The fraction of epochs done after `steps` updates, as logs report it.
    package func epoch(afterSteps steps: Int) -> Double {
        guard steps > 0 else { return 0 }
        let (epoch, batches) = place(ofStep: steps - 1)
        return Double(epoch) + Double(batches.upperBound) / Double(batchesPerEpoch)
    }
}
