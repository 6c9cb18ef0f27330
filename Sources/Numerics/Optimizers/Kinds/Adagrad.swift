/// Adagrad (Duchi, Hazan and Singer, 2011) as PyTorch has it; weight decay is added to the gradient.
package struct Adagrad: ElementwiseOptimizer {
    let rateDecay: Double
    let epsilon: Float

    static let kind = OptimizerKind("adagrad", options: ["lr_decay", "eps"]) { settings in
        Adagrad(
            rateDecay: try settings.arguments.number("lr_decay", "0 or more") { $0 >= 0 } ?? 0,
            epsilon: try settings.arguments.number("eps", "0 or more") { $0 >= 0 } ?? 1e-10)
    }

    package init(rateDecay: Double = 0, epsilon: Double = 1e-10) {
        self.rateDecay = rateDecay
        self.epsilon = Float(epsilon)
    }

    /// Sum of the squared gradients.
    package var stateNames: [String] { ["sum"] }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        let rate = Float(update.learningRate / (1 + Double(update.step - 1) * rateDecay))
        let (decay, factor) = (Float(update.weightDecay), update.gradientFactor)
        let (p, g, sum) = (block.value, block.gradient, block.state[0])
        for i in 0..<block.count {
            let gradient = g[i] * factor + decay * p[i]
            sum[i] += gradient * gradient
            p[i] -= rate * gradient / (sum[i].squareRoot() + epsilon)
        }
    }
}
