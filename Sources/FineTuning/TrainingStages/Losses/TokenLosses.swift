import RunConfiguration

/// The losses of stage sft.
enum TokenLosses {
    private static let all: [(flag: Parameter<Bool>, make: @Sendable (RunConfiguration) -> any TokenLoss)] = [
        (Parameters.useDftLoss, { _ in ProbabilityWeightedLoss() }),
        (Parameters.useEaftLoss, { EntropyWeightedLoss(exponent: $0[Parameters.eaftAlpha]) }),
        (Parameters.useAsftLoss, { AnchoredLoss(strength: $0[Parameters.asftAlpha]) }),
    ]

    /// The loss that is asked for; cross-entropy where none is.
    static func loss(_ configuration: RunConfiguration) -> any TokenLoss {
        all.first { configuration[$0.flag] }?.make(configuration)
            ?? NextTokenLoss(labelSmoothing: configuration[Parameters.labelSmoothingFactor])
    }
}
