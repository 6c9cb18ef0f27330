/// What a stage works on: the model that learns, and what there is beside it.
package struct Learner: Sendable {
    /// The model that is trained, with its adapter.
    package let policy: Network
    /// The frozen model that preference learning holds the policy to.
    package let reference: Network?

    package init(policy: Network, reference: Network? = nil) {
        self.policy = policy
        self.reference = reference
    }
}

/// What a stage's learner must have beside its policy.
package struct LearnerNeeds: Equatable, Sendable {
    package var reference = false

    package init(reference: Bool = false) { self.reference = reference }
}
