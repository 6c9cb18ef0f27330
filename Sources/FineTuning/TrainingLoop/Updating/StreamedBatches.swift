package import Datasets

/// Items that come from a stream. How many an epoch has is not known before it ends.
///
/// The reference counts `max_steps` updates as one epoch, and begins the next whole number with the next epoch. What
/// does not fill `gradient_accumulation_steps` at an epoch's end goes into the next epoch's first update, as its
/// gradients do there.
package final class StreamedBatches: BatchSource {
    /// What a checkpoint keeps: where the next micro-batch is read.
    package struct Place: Codable, Equatable, Sendable {
        package var position = DataStream.Position()
        /// Micro-batches of the epoch that updates were made with.
        package var batches = 0

        package init() {}
    }

    private let stream: any ItemStream
    private let batchSize: Int
    private let accumulation: Int
    private let totalSteps: Int
    private let dropsLast: Bool
    package private(set) var place = Place()
    /// The micro-batches behind `place`, up to one update's; nil before the first look.
    private var ahead: [[PreparedItem]]?

    package init(_ stream: any ItemStream, batchSize: Int, accumulation: Int, totalSteps: Int, dropsLast: Bool) {
        self.stream = stream
        self.batchSize = batchSize
        self.accumulation = accumulation
        self.totalSteps = totalSteps
        self.dropsLast = dropsLast
    }

    package var updatesPerEpoch: Int { totalSteps }

    package func goOn(from place: Place) throws {
        try stream.seek(place.position)
        self.place = place
        ahead = nil
    }

    package func batches(ofStep step: Int) throws -> UpdateBatches {
        var groups: [[[PreparedItem]]] = []
        var next = try ahead ?? lookAhead()
        while next.count < accumulation {
            guard place.batches > 0 else {
                throw DataError.tooFewBatches(batches: next.count, batchSize: batchSize, accumulation: accumulation)
            }
            if !next.isEmpty { groups.append(next) }
            try stream.begin(epoch: place.position.epoch + 1)
            place = Place()
            place.position = stream.position
            next = try lookAhead()
        }
        groups.append(next)
        place.batches += accumulation
        place.position = stream.position
        let share = Double(place.batches) / Double(totalSteps * accumulation)
        let rest = try lookAhead()
        ahead = rest
        return UpdateBatches(
            groups: groups, epochAfter: Double(place.position.epoch) + share, endsEpoch: rest.count < accumulation)
    }

    /// The next micro-batches; fewer than an update's at the end of the epoch.
    private func lookAhead() throws -> [[PreparedItem]] {
        var groups: [[PreparedItem]] = []
        while groups.count < accumulation {
            var group: [PreparedItem] = []
            while group.count < batchSize, let item = try stream.next() { group.append(item) }
            if group.isEmpty || dropsLast && group.count < batchSize { break }
            groups.append(group)
        }
        return groups
    }
}
