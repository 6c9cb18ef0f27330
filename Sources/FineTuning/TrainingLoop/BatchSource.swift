import Datasets

/// The micro-batches of one update.
struct UpdateBatches {
    var groups: [[TrainingItem]]
    /// Epochs done behind the update, as logs report them.
    var epochAfter: Double
    var endsEpoch: Bool
}

/// Where a run's micro-batches come from.
protocol BatchSource: AnyObject {
    /// Updates that are in one epoch, as far as logs know.
    var updatesPerEpoch: Int { get }
    /// - Parameter step: the update's number in the data's order, from 0; streams give the next one in any case
    func batches(ofStep step: Int) throws -> UpdateBatches
}

/// Items that are all in memory, in an order that is a function of seed and epoch.
final class ListedBatches: BatchSource {
    private let items: [TrainingItem]
    private let plan: StepPlan
    private let order: DataOrder
    private let dropsLast: Bool
    /// The epoch whose batches are at hand.
    private var epoch: (number: Int, batches: [[Int]])?

    init(_ items: [TrainingItem], plan: StepPlan, order: DataOrder, dropsLast: Bool) {
        self.items = items
        self.plan = plan
        self.order = order
        self.dropsLast = dropsLast
    }

    var updatesPerEpoch: Int { plan.stepsPerEpoch }

    func batches(ofStep step: Int) -> UpdateBatches {
        let place = plan.place(ofStep: step)
        return UpdateBatches(
            groups: batches(ofEpoch: place.epoch)[place.batches].map { $0.map { items[$0] } },
            epochAfter: plan.epoch(afterSteps: step + 1), endsEpoch: place.batches.upperBound == plan.batchesPerEpoch)
    }

    private func batches(ofEpoch number: Int) -> [[Int]] {
        if let epoch, epoch.number == number { return epoch.batches }
        let batches = order.batches(epoch: number, dropLast: dropsLast)
        epoch = (number, batches)
        return batches
    }
}

/// Items that come from a stream. How many an epoch has is not known before it ends.
///
/// The reference counts `max_steps` updates as one epoch, and begins the next whole number with the next epoch. As in
/// runs without a stream, an epoch's last update takes the micro-batches that are left.
final class StreamedBatches: BatchSource {
    /// What a checkpoint keeps.
    struct Place: Codable, Equatable, Sendable {
        var position: DataStream.Position
        /// Micro-batches taken from the epoch.
        var batches: Int
    }

    private let stream: DataStream
    private let batchSize: Int
    private let accumulation: Int
    private let totalSteps: Int
    private let dropsLast: Bool
    private var batchesOfEpoch = 0

    init(_ stream: DataStream, batchSize: Int, accumulation: Int, totalSteps: Int, dropsLast: Bool) {
        self.stream = stream
        self.batchSize = batchSize
        self.accumulation = accumulation
        self.totalSteps = totalSteps
        self.dropsLast = dropsLast
    }

    var updatesPerEpoch: Int { totalSteps }

    var place: Place { Place(position: stream.position, batches: batchesOfEpoch) }

    func goOn(from place: Place) throws {
        try stream.seek(place.position)
        batchesOfEpoch = place.batches
    }

    func batches(ofStep step: Int) throws -> UpdateBatches {
        var groups: [[TrainingItem]] = []
        while groups.isEmpty {
            if try stream.isAtEnd() {
                guard batchesOfEpoch > 0 else {
                    throw DataError.noBatches(items: stream.position.items, batchSize: batchSize)
                }
                try stream.begin(epoch: stream.position.epoch + 1)
                batchesOfEpoch = 0
            }
            while groups.count < accumulation, let group = try nextGroup() { groups.append(group) }
            batchesOfEpoch += groups.count
        }
        let share = Double(batchesOfEpoch) / Double(totalSteps * accumulation)
        return UpdateBatches(
            groups: groups, epochAfter: Double(stream.position.epoch) + share, endsEpoch: try stream.isAtEnd())
    }

    private func nextGroup() throws -> [TrainingItem]? {
        var group: [TrainingItem] = []
        while group.count < batchSize, let item = try stream.next() {
            if let sequence = item.sequence { group.append(sequence) }
        }
        return group.isEmpty || dropsLast && group.count < batchSize ? nil : group
    }
}
