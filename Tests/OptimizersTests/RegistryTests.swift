import Optimizers
import Tensors
import Testing

/// Every optimizer that can be named makes the reference's updates and can be interrupted.
struct RegistryTests {
    /// AdamW's names; `AdamWTests` has its numbers.
    private static let adamW: Set = ["adamw_torch", "adamw_torch_fused", "adamw_hf", "paged_adamw_32bit"]

    @Test func everyOptimizerHasACase() {
        let covered = Set(ReferenceUpdates.all.map(\.optimizer)).union(Self.adamW).union(EightBitOptimizerTests.names)
        #expect(covered.isSuperset(of: OptimizerRegistry.names))
        #expect(OptimizerRegistry.names.count == Set(OptimizerRegistry.names).count)
    }

    private func parameters(_ reference: ReferenceUpdates.Case) throws -> [Parameter] {
        try reference.parameters.map { Parameter(name: $0.name, value: try Tensor($0.start, shape: $0.shape)) }
    }

    private func updater(_ reference: ReferenceUpdates.Case, _ parameters: [Parameter]) throws -> ParameterUpdater {
        let optimizer = try reference.makeOptimizer()
        let isSpared = { (parameter: Parameter) in
            reference.optimizer == "adam_mini" && !AdamMini.isDecayed(parameter.name)
        }
        return try ParameterUpdater([
            OptimizerGroup(parameters.filter { !isSpared($0) }, optimizer, weightDecay: reference.weight_decay),
            OptimizerGroup(parameters.filter(isSpared), optimizer, weightDecay: 0),
        ])
    }

    private func update(
        _ parameters: [Parameter], _ step: ReferenceUpdates.Case.Step, by updater: ParameterUpdater,
        halved: Bool = false
    ) throws {
        for (parameter, gradient) in zip(parameters, step.gradients) {
            parameter.gradient = try gradient.map {
                try Tensor(halved ? $0.map { 2 * $0 } : $0, shape: parameter.shape)
            }
        }
        try updater.update(learningRate: step.rate, gradientFactor: halved ? 0.5 : 1)
    }

    @Test(arguments: ReferenceUpdates.all)
    func everyStepIsTheReferences(_ reference: ReferenceUpdates.Case) throws {
        let parameters = try parameters(reference)
        let updater = try updater(reference, parameters)
        for (number, step) in reference.steps.enumerated() {
            try update(parameters, step, by: updater)
            for (parameter, expected) in zip(parameters, step.values) {
                let largest = expected.reduce(0) { max($0, abs($1)) }
                for (found, value) in zip(parameter.value.array, expected) {
                    #expect(abs(found - value) <= reference.tolerance * largest, "step \(number) of \(parameter.name)")
                }
            }
        }
    }

    /// A factor on the gradient does what a shorter gradient does: powers of two change no bit.
    @Test(arguments: ReferenceUpdates.all)
    func clippingAndInterruptionChangeNoBit(_ reference: ReferenceUpdates.Case) throws {
        let (whole, broken) = (try parameters(reference), try parameters(reference))
        let unbroken = try updater(reference, whole)
        for step in reference.steps {
            try update(whole, step, by: unbroken)
        }
        var restarted = try updater(reference, broken)
        for step in reference.steps {
            let fresh = try updater(reference, broken)
            try fresh.restore(restarted.state)
            restarted = fresh
            try update(broken, step, by: restarted, halved: true)
        }
        for (one, other) in zip(whole, broken) { #expect(one.value.array == other.value.array, "\(one.name)") }
        #expect(unbroken.state.counters == restarted.state.counters)
    }

    @Test func argumentsAreReadOrNamed() throws {
        for (name, arguments) in [
            ("adamw_torch", "momentum=0.9"), ("sgd", "momentum"), ("sgd", "momentum=fast"), ("sgd", "momentum=-1"),
            ("sgd", "momentum=1,momentum=2"), ("sgd", "nesterov=true"), ("sgd", "momentum=0.9,nesterov=perhaps"),
            ("sgd", "momentum=0.9,dampening=0.1,nesterov=true"), ("sgd", "weight_decay=0.1"), ("sgd", "=1"),
            ("quick", ""),
        ] {
            #expect(throws: OptimizerError.self, "\(name) \(arguments)") {
                try OptimizerRegistry.optimizer(
                    named: name, OptimizerSettings(arguments: OptimizerArguments(parsing: arguments)))
            }
        }
    }
}
