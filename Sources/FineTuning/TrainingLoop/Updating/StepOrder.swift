import Datasets
import RunConfiguration

/// How many updates a run makes and which items each takes, from its configuration.
struct StepOrder: Equatable, Sendable {
    let plan: StepPlan
    let order: DataOrder
    let dropsLast: Bool
    /// Whether items of similar length share a batch.
    let groupsByLength: Bool

    /// - Parameter items: items of an epoch; nil where a stream hides their number
    init(_ configuration: RunConfiguration, items: Int?) throws {
        let batchSize = configuration[Parameters.perDeviceTrainBatchSize]
        let accumulation = configuration[Parameters.gradientAccumulationSteps]
        let maxSteps = configuration[Parameters.maxSteps]
        dropsLast = configuration[Parameters.dataloaderDropLast]
        plan = try StepPlan(
            items: items ?? Self.items(ofSteps: maxSteps, batchSize: batchSize, accumulation: accumulation),
            batchSize: batchSize, accumulation: accumulation, epochs: configuration[Parameters.numTrainEpochs],
            maxSteps: maxSteps, dropLast: dropsLast)
        groupsByLength = configuration.groupsByLength
        order = DataOrder(
            count: items ?? 0, seed: UInt64(max(0, configuration.dataSeed)), batchSize: batchSize,
            accumulation: accumulation, shuffling: configuration.keepsOrder ? .none : .permutation)
    }

    /// Of a stream an epoch is what all steps take.
    private static func items(ofSteps steps: Int, batchSize: Int, accumulation: Int) -> Int {
        let (micro, overflow) = max(1, steps).multipliedReportingOverflow(by: accumulation)
        let (items, overflows) = micro.multipliedReportingOverflow(by: batchSize)
        return overflow || overflows ? .max / 2 : items
    }

    func listed(_ items: [PreparedItem]) -> ListedBatches {
        let order = groupsByLength ? order.grouped(byLengths: items.map(\.tokenCount)) : order
        return ListedBatches(items, plan: plan, order: order, dropsLast: dropsLast)
    }

    func streamed(_ stream: any ItemStream) -> StreamedBatches {
        StreamedBatches(
            stream, batchSize: order.batchSize, accumulation: order.accumulation, totalSteps: plan.totalSteps,
            dropsLast: dropsLast)
    }
}
