package import JSONDocuments

/// What a run reports while it goes on.
package enum TrainingEvent: Sendable {
    package enum Phase: String, Sendable {
        case loading, tokenizing, training, evaluating, saving
    }

    case phase(Phase)
    /// A line for people.
    case note(String)
    /// An update was made; not every one of them is logged.
    case step(StepReport)
    /// A training record as it goes into `log_history`.
    case record(JSONObject)
    /// An evaluation record as it goes into `log_history`.
    case evaluation(JSONObject)
    case checkpoint(step: Int, path: String)
}

/// How far a run is after an update.
package struct StepReport: Sendable, Equatable {
    package var step: Int
    package var totalSteps: Int
    package var epoch: Double
    /// The loss of this update.
    package var loss: Double
    package var gradientNorm: Double
    package var learningRate: Double
    /// Real tokens of this update, without padding.
    package var tokens: Int
    /// Real tokens a second since training began or went on.
    package var tokensPerSecond: Double
    /// Seconds since training began or went on.
    package var elapsed: Double
    package var remaining: Double
    /// Whether a record of the log follows.
    package var isRecorded: Bool
}
