/// Lion (Chen et al., 2023): the sign of a mean of gradients, with decoupled weight decay.
package struct Lion: ElementwiseOptimizer {
    let beta1: Double
    let beta2: Double

    static let kind = OptimizerKind("lion_32bit", "paged_lion_32bit") { settings in
        Lion(beta1: settings.beta1, beta2: settings.beta2)
    }

    static let eightBit = OptimizerKind("lion_8bit", "paged_lion_8bit") { settings in
        EightBitOptimizer(Lion(beta1: settings.beta1, beta2: settings.beta2))
    }

    package init(beta1: Double = 0.9, beta2: Double = 0.99) {
        self.beta1 = beta1
        self.beta2 = beta2
    }

    package var stateNames: [String] { ["exp_avg"] }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        let (rate, factor) = (Float(update.learningRate), update.gradientFactor)
        let kept = Float(1 - update.learningRate * update.weightDecay)
        let (kept1, added1) = (Float(beta1), Float(1 - beta1))
        let (kept2, added2) = (Float(beta2), Float(1 - beta2))
        let (p, g, m) = (block.value, block.gradient, block.state[0])
        for i in 0..<block.count {
            let gradient = g[i] * factor
            let mean = kept1 * m[i] + added1 * gradient
            p[i] = p[i] * kept - (mean > 0 ? rate : mean < 0 ? -rate : 0)
            m[i] = kept2 * m[i] + added2 * gradient
        }
    }
}
