internal import CKernels

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), in float32, with PyTorch's arithmetic.
package struct AdamW: ElementwiseOptimizer {
    package let beta1: Double
    package let beta2: Double
    package let epsilon: Double

    static let kind = OptimizerKind(
        "adamw_torch", "adamw_torch_fused", "adamw_hf", "paged_adamw_32bit"
    ) { settings in
        try AdamW(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
    }

    static let eightBit = OptimizerKind("adamw_8bit", "adamw_bnb_8bit", "paged_adamw_8bit") { settings in
        EightBitOptimizer(try AdamW(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon))
    }

    /// - Throws: `OptimizerError` for a setting out of range
    package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) throws {
        for (name, beta) in [("adam_beta1", beta1), ("adam_beta2", beta2)] where !(beta >= 0 && beta < 1) {
            throw OptimizerError.invalidSetting(name: name, value: "\(beta)", expected: "0 up to, not including, 1")
        }
        guard epsilon >= 0 else {
            throw OptimizerError.invalidSetting(name: "adam_epsilon", value: "\(epsilon)", expected: "0 or more")
        }
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    /// Running means of the gradient and of its square.
    package var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

    package var nonNegativeStates: Set<String> { ["exp_avg_sq"] }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        var settings = kernel_adamw_step(
            learning_rate: update.learningRate, weight_decay: update.weightDecay, beta1: beta1, beta2: beta2,
            epsilon: epsilon, step: UInt64(update.step))
        kernel_adamw_f32(
            block.value, block.gradient, block.state[0], block.state[1], block.count, update.gradientFactor, &settings)
    }
}
