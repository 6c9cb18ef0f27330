import Optimizers
import Tensors
import Testing

struct AdamWTests {
    @Test(arguments: ReferenceNumbers.all.adamw)
    func everyStepIsPyTorchs(_ reference: ReferenceNumbers.AdamWCase) throws {
        let parameters = try reference.start.enumerated().map { index, values in
            Parameter(name: "p\(index)", value: try Tensor(values, shape: [values.count]))
        }
        let adamW = try AdamW(
            beta1: reference.settings.betas[0], beta2: reference.settings.betas[1], epsilon: reference.settings.eps)
        let decays = [reference.settings.weight_decay, 0]
        let updater = try ParameterUpdater(
            decays.enumerated().map { remainder, decay in
                let some = parameters.enumerated().filter { $0.offset % 2 == remainder }.map(\.element)
                return OptimizerGroup(some, adamW, weightDecay: decay)
            })
        for (number, step) in reference.steps.enumerated() {
            for (parameter, gradient) in zip(parameters, step.gradients) {
                parameter.gradient = try gradient.map { try Tensor($0, shape: [$0.count]) }
            }
            var factor: Float = 1
            if let norm = step.norm {
                let found = updater.gradientNorm
                #expect(abs(found - norm) <= 1e-6 * norm)
                factor = GradientNorm.factor(norm: found, maximum: step.clip)
            }
            try updater.update(learningRate: step.rate, gradientFactor: factor)
            for (parameter, expected) in zip(parameters, step.parameters) {
                let largest = expected.reduce(0) { max($0, abs($1)) }
                for (found, value) in zip(parameter.value.array, expected) {
                    #expect(abs(found - value) <= 3e-7 * largest, "step \(number) of \(parameter.name)")
                }
            }
        }
    }

    @Test func settingsOutOfRangeAreRefused() {
        #expect(throws: OptimizerError.self) { try AdamW(beta1: 1) }
        #expect(throws: OptimizerError.self) { try AdamW(beta2: -0.1) }
        #expect(throws: OptimizerError.self) { try AdamW(epsilon: -1) }
    }
}
