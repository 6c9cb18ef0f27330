/// What has to be written before a run can be left where it is and gone on with later.
package enum PauseDecision: Equatable, Sendable {
    /// The newest checkpoint leads on, or nothing was trained yet.
    case nothing
    /// A checkpoint of the state at hand.
    case save
    /// The newest checkpoint is of this very step and holds weights alone; the rest is added to it.
    case complete

    /// - Parameter newest: the run's newest checkpoint, and whether a run can go on from it
    package static func decide(step: Int, newest: (step: Int, isResumable: Bool)?) -> PauseDecision {
        guard step > 0 else { return .nothing }
        guard let newest, newest.step == step else { return .save }
        return newest.isResumable ? .nothing : .complete
    }
}
