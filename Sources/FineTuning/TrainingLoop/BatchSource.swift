import Datasets

/// The micro-batches of one update.
struct UpdateBatches {
    /// Micro-batches whose losses are divided by one count. One list, but in the first update of a streamed epoch, which
    /// also has what was left of the epoch before.
    var parts: [[[TrainingItem]]]
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
            parts: [batches(ofEpoch: place.epoch)[place.batches].map { $0.map { items[$0] } }],
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
/// The reference counts `max_steps` updates as one epoch, and begins the next whole number with the next epoch. What
/// does not fill `gradient_accumulation_steps` at an epoch's end goes into the next epoch's first update, as its
/// gradients do there.
final class StreamedBatches: BatchSource {
    /// What a checkpoint keeps: where the next micro-batch is read.
    struct Place: Codable, Equatable, Sendable {
        var position = DataStream.Position()
        /// Micro-batches of the epoch that updates were made with.
        var batches = 0
    }

    private let stream: any ItemStream
    private let batchSize: Int
    private let accumulation: Int
    private let totalSteps: Int
    private let dropsLast: Bool
    private(set) var place = Place()
    /// The micro-batches behind `place`, up to one update's; nil before the first look.
    private var ahead: [[TrainingItem]]?

    init(_ stream: any ItemStream, batchSize: Int, accumulation: Int, totalSteps: Int, dropsLast: Bool) {
        self.stream = stream
        self.batchSize = batchSize
        self.accumulation = accumulation
        self.totalSteps = totalSteps
        self.dropsLast = dropsLast
    }

    var updatesPerEpoch: Int { totalSteps }

    func goOn(from place: Place) throws {
        try stream.seek(place.position)
        self.place = place
        ahead = nil
    }

    func batches(ofStep step: Int) throws -> UpdateBatches {
        var parts: [[[TrainingItem]]] = []
        var next = try ahead ?? lookAhead()
        while next.count < accumulation {
            guard place.batches > 0 else {
                throw DataError.tooFewBatches(batches: next.count, batchSize: batchSize, accumulation: accumulation)
            }
            if !next.isEmpty { parts.append(next) }
            try stream.begin(epoch: place.position.epoch + 1)
            place = Place(position: stream.position)
            next = try lookAhead()
        }
        parts.append(next)
        place.batches += accumulation
        place.position = stream.position
        let share = Double(place.batches) / Double(totalSteps * accumulation)
        let rest = try lookAhead()
        ahead = rest
        return UpdateBatches(
            parts: parts, epochAfter: Double(place.position.epoch) + share, endsEpoch: rest.count < accumulation)
    }

    /// The next micro-batches; fewer than an update's at the end of the epoch.
    private func lookAhead() throws -> [[TrainingItem]] {
        var groups: [[TrainingItem]] = []
        while groups.count < accumulation {
            var group: [TrainingItem] = []
            while group.count < batchSize, let item = try stream.next() {
                if let sequence = item.sequence { group.append(sequence) }
            }
            if group.isEmpty || dropsLast && group.count < batchSize { break }
            groups.append(group)
        }
        return groups
    }
}
