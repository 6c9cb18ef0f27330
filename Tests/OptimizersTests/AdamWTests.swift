import Optimizers
import Tensors
import Testing

struct AdamWTests {
    @Test(arguments: ReferenceNumbers.all.adamw)
    func everyStepIsPyTorchs(_ reference: ReferenceNumbers.AdamWCase) throws {
        let parameters = try reference.start.enumerated().map { index, values in
            Parameter(name: "p\(index)", value: try Tensor(values, shape: [values.count]))
        }
        let groups = [
            ParameterGroup(
                parameters.enumerated().filter { $0.offset % 2 == 0 }.map(\.element),
                weightDecay: reference.settings.weight_decay),
            ParameterGroup(parameters.enumerated().filter { $0.offset % 2 == 1 }.map(\.element), weightDecay: 0),
        ]
        let optimizer = try AdamW(
            groups, beta1: reference.settings.betas[0], beta2: reference.settings.betas[1],
            epsilon: reference.settings.eps)
        for (number, step) in reference.steps.enumerated() {
            for (parameter, gradient) in zip(parameters, step.gradients) {
                parameter.gradient = try gradient.map { try Tensor($0, shape: [$0.count]) }
            }
            var factor: Float = 1
            if let norm = step.norm {
                let found = GradientNorm.norm(parameters)
                #expect(abs(found - norm) <= 1e-6 * norm)
                factor = GradientNorm.factor(norm: found, maximum: step.clip)
            }
            try optimizer.step(learningRate: step.rate, gradientFactor: factor)
            for (parameter, expected) in zip(parameters, step.parameters) {
                let largest = expected.reduce(0) { max($0, abs($1)) }
                for (found, value) in zip(parameter.value.array, expected) {
                    #expect(abs(found - value) <= 3e-7 * largest, "step \(number) of \(parameter.name)")
                }
            }
        }
    }

    private func parameter(_ values: [Float] = [1, -2]) throws -> Parameter {
        Parameter(name: "p", value: try Tensor(values, shape: [values.count]))
    }

    private func give(_ gradient: [Float], to parameter: Parameter) throws {
        parameter.gradient = try Tensor(gradient, shape: [gradient.count])
    }

    @Test func restoredStateGoesOnToTheSameBits() throws {
        let (unbroken, broken) = (try parameter(), try parameter())
        let first = try AdamW([ParameterGroup([unbroken], weightDecay: 0.1)])
        let second = try AdamW([ParameterGroup([broken], weightDecay: 0.1)])
        for (optimizer, parameter) in [(first, unbroken), (second, broken)] {
            try give([0.5, -1], to: parameter)
            try optimizer.step(learningRate: 0.1)
        }
        let third = try AdamW([ParameterGroup([broken], weightDecay: 0.1)])
        try third.restore(second.state)
        for (optimizer, parameter) in [(first, unbroken), (third, broken)] {
            try give([0.2, 0.4], to: parameter)
            try optimizer.step(learningRate: 0.1)
        }
        #expect(unbroken.value.array == broken.value.array)
        #expect(third.state.first?.step == 2)
    }

    @Test func aRateFactorMultipliesTheRateOfItsGroup() throws {
        let (plain, faster) = (try parameter(), try parameter())
        try give([1, 1], to: plain)
        try give([1, 1], to: faster)
        try AdamW([ParameterGroup([plain], weightDecay: 0)]).step(learningRate: 0.4)
        try AdamW([ParameterGroup([faster], weightDecay: 0, rateFactor: 4)]).step(learningRate: 0.1)
        #expect(plain.value.array == faster.value.array)
    }

    @Test func badSettingsAndStatesAreRefused() throws {
        let parameter = try parameter()
        let group = ParameterGroup([parameter], weightDecay: 0)
        #expect(throws: OptimizerError.self) { try AdamW([group], beta1: 1) }
        #expect(throws: OptimizerError.self) { try AdamW([group], epsilon: -1) }
        #expect(throws: OptimizerError.self) { try AdamW([ParameterGroup([parameter], weightDecay: -1)]) }
        #expect(throws: OptimizerError.self) { try AdamW([group, group]) }
        let optimizer = try AdamW([group])
        let wrong = Tensor(zeros: [3])
        for state in [
            AdamW.ParameterState(name: "q", step: 1, expAvg: Tensor(zeros: [2]), expAvgSq: Tensor(zeros: [2])),
            AdamW.ParameterState(name: "p", step: 1, expAvg: wrong, expAvgSq: wrong),
            AdamW.ParameterState(name: "p", step: 0, expAvg: Tensor(zeros: [2]), expAvgSq: Tensor(zeros: [2])),
        ] {
            #expect(throws: OptimizerError.self) { try optimizer.restore([state]) }
        }
    }
}

struct GradientNormTests {
    private func parameters(_ gradients: [[Float]]) throws -> [Parameter] {
        try gradients.enumerated().map { index, values in
            let parameter = Parameter(name: "\(index)", value: Tensor(zeros: [values.count]))
            parameter.gradient = try Tensor(values, shape: [values.count])
            return parameter
        }
    }

    @Test func clippingKeepsTheDirection() throws {
        let parameters = try parameters([[3, 4], [12]])
        let norm = GradientNorm.norm(parameters)
        #expect(norm == 13)
        GradientNorm.scale(parameters, by: GradientNorm.factor(norm: norm, maximum: 1))
        let clipped = parameters.flatMap { $0.gradient?.array ?? [] }
        for (found, expected) in zip(clipped, [0.2307692, 0.3076923, 0.9230769] as [Float]) {
            #expect(abs(found - expected) < 1e-6)
        }
    }

    @Test func smallNormsAndNoMaximumChangeNothing() {
        #expect(GradientNorm.factor(norm: 0.5, maximum: 1) == 1)
        #expect(GradientNorm.factor(norm: 50, maximum: nil) == 1)
        #expect(GradientNorm.factor(norm: 50, maximum: 0) == 1)
    }

    @Test func whatIsNotANumberStaysVisible() throws {
        #expect(GradientNorm.norm(try parameters([[1], [.nan]])).isNaN)
        #expect(GradientNorm.factor(norm: .nan, maximum: 1).isNaN)
        #expect(GradientNorm.norm(try parameters([[.infinity]])) == .infinity)
    }

    @Test func normsAndBiasesDoNotDecay() {
        for name in ["model.norm.weight", "layers.0.input_layernorm.weight", "q_proj.bias", "self_attn.q_norm.weight"] {
            #expect(!ParameterGroup.isDecayed(name), "\(name)")
        }
        for name in ["model.embed_tokens.weight", "q_proj.weight", "normal.weight", "lora_A.weight"] {
            #expect(ParameterGroup.isDecayed(name), "\(name)")
        }
    }
}
