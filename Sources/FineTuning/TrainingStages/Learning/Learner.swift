package import LanguageModels

/// What a stage works on: the model that learns, and what there is beside it.
package struct Learner: Sendable {
    /// The model that is trained, with its adapter.
    package let policy: Network
    /// The frozen model that preference learning holds the policy to.
    package let reference: Network?
    /// What gives numbers to sequences, trained with the policy.
    package let valueHead: ValueHead?

    package init(policy: Network, reference: Network? = nil, valueHead: ValueHead? = nil) {
        self.policy = policy
        self.reference = reference
        self.valueHead = valueHead
    }

    /// - Throws: `StageError.missingPart`
    func requireValueHead(for stage: String) throws -> ValueHead {
        guard let valueHead else { throw StageError.missingPart(stage: stage, part: "value head") }
        return valueHead
    }

    /// - Throws: `StageError.missingPart`
    func requireReference(for stage: String) throws -> Network {
        guard let reference else { throw StageError.missingPart(stage: stage, part: "reference model") }
        return reference
    }
}

/// What a stage's learner must have beside its policy.
package struct LearnerNeeds: Equatable, Sendable {
    package var reference: Bool
    package var valueHead: Bool

    package init(reference: Bool = false, valueHead: Bool = false) {
        self.reference = reference
        self.valueHead = valueHead
    }
}
