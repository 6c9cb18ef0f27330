/// The optimizers by the values of `optim`.
package enum OptimizerRegistry {
    static let kinds: [OptimizerKind] = [
        AdamW.kind, AdamW.eightBit, AdEMAMix.kind, AdEMAMix.eightBit, Adafactor.kind, Adagrad.kind, Lion.kind,
        Lion.eightBit, RMSprop.kind, RMSprop.bitsAndBytes, RMSprop.eightBit, SGD.kind,
    ]

    /// Every value of `optim` that is carried out.
    package static var names: [String] { kinds.flatMap(\.names) }

    /// - Throws: `OptimizerError.unavailable`, naming what there is, or for a setting that the optimizer does not take
    package static func optimizer(named name: String, _ settings: OptimizerSettings) throws -> any Optimizer {
        guard let kind = kinds.first(where: { $0.names.contains(name) }) else {
            throw OptimizerError.unavailable(kind: "optimizer", name: name, available: names)
        }
        try settings.arguments.check(for: name, known: kind.options)
        return try kind.make(settings)
    }
}

/// An optimizer under its names, as its file declares it for the registry.
struct OptimizerKind: Sendable {
    let names: [String]
    /// The keys of `optim_args` that it reads.
    let options: [String]
    let make: @Sendable (OptimizerSettings) throws -> any Optimizer

    init(
        _ names: String..., options: [String] = [],
        make: @escaping @Sendable (OptimizerSettings) throws -> any Optimizer
    ) {
        self.names = names
        self.options = options
        self.make = make
    }
}

/// What a run says about its optimizer, whichever it is.
package struct OptimizerSettings: Sendable {
    /// `adam_beta1`, `adam_beta2` and `adam_epsilon`.
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
    /// `optim_args`
    package var arguments: OptimizerArguments

    package init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        arguments: OptimizerArguments = OptimizerArguments()
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.arguments = arguments
    }
}
