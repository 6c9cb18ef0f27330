internal import Glibc

/// AdamW as transformers had it before version 5: epsilon is added before the bias correction, and weight decay comes
/// after the step. GaLore, APOLLO, BAdam and Muon were published with it.
package struct TransformersAdamW: ElementwiseOptimizer {
    let beta1: Double
    let beta2: Double
    let epsilon: Float
    /// Muon's companion takes the decay first.
    let decaysFirst: Bool

    package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, decaysFirst: Bool = false) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = Float(epsilon)
        self.decaysFirst = decaysFirst
    }

    package var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

    package var nonNegativeStates: Set<String> { ["exp_avg_sq"] }

    /// What the quotient of the moments is multiplied by in an update, beside the learning rate.
    func correction(step: Int) -> Double {
        (1 - pow(beta2, Double(step))).squareRoot() / (1 - pow(beta1, Double(step)))
    }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        let rate = Float(update.learningRate * correction(step: update.step))
        let kept = Float(1 - update.learningRate * update.weightDecay)
        let (before, after) = decaysFirst ? (kept, 1) : (Float(1), kept)
        let (added1, added2) = (Float(1 - beta1), Float(1 - beta2))
        let (p, g, m, v) = (block.value, block.gradient, block.state[0], block.state[1])
        for i in 0..<block.count {
            let gradient = g[i] * update.gradientFactor
            m[i] += added1 * (gradient - m[i])
            v[i] += added2 * (gradient * gradient - v[i])
            p[i] = (p[i] * before - rate * m[i] / (v[i].squareRoot() + epsilon)) * after
        }
    }
}
