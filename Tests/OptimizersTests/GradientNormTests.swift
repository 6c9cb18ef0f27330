import Optimizers
import Tensors
import Testing

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
            #expect(!OptimizerGroup.isDecayed(name), "\(name)")
        }
        for name in ["model.embed_tokens.weight", "q_proj.weight", "normal.weight", "lora_A.weight"] {
            #expect(OptimizerGroup.isDecayed(name), "\(name)")
        }
    }
}
