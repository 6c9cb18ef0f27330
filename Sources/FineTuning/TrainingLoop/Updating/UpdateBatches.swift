package import Datasets

/// The micro-batches of one update.
package struct UpdateBatches: Equatable, Sendable {
    /// Micro-batches whose losses are divided by one count. One list, but in the first update of a streamed epoch, which
    /// also has what was left of the epoch before.
    package var groups: [[[PreparedItem]]]
    /// Epochs done behind the update, as logs report them.
    package var epochAfter: Double
    package var endsEpoch: Bool
}

/// Where a run's micro-batches come from.
package protocol BatchSource: AnyObject {
    /// Updates that are in one epoch, as far as logs know.
    var updatesPerEpoch: Int { get }
    /// - Parameter step: the update's number in the data's order, from 0; streams give the next one in any case
    func batches(ofStep step: Int) throws -> UpdateBatches
}
