import Optimizers
import Tensors
import Testing

struct GradientNormTests {
    private func norm(_ gradients: [[Float]]) throws -> Float {
        let parameters = try gradients.enumerated().map { index, values in
            let parameter = Parameter(name: "\(index)", value: Tensor(zeros: [values.count]))
            parameter.gradient = try Tensor(values, shape: [values.count])
            return parameter
        }
        return try ParameterUpdater([OptimizerGroup(parameters, SGD(), weightDecay: 0)]).gradientNorm
    }

    @Test func clippingLeavesTheGivenLength() throws {
        let norm = try norm([[3, 4], [12]])
        #expect(norm == 13)
        #expect(abs(GradientNorm.factor(norm: norm, maximum: 1) * norm - 1) < 1e-6)
    }

    @Test func smallNormsAndNoMaximumChangeNothing() {
        #expect(GradientNorm.factor(norm: 0.5, maximum: 1) == 1)
        #expect(GradientNorm.factor(norm: 50, maximum: nil) == 1)
        #expect(GradientNorm.factor(norm: 50, maximum: 0) == 1)
    }

    @Test func whatIsNotANumberStaysVisible() throws {
        #expect(try norm([[1], [.nan]]).isNaN)
        #expect(GradientNorm.factor(norm: .nan, maximum: 1).isNaN)
        #expect(try norm([[.infinity]]) == .infinity)
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
