/// RMSprop (Tieleman and Hinton, 2012) as PyTorch has it; weight decay is added to the gradient.
package struct RMSprop: ElementwiseOptimizer {
    let alpha: Double
    let epsilon: Float
    let momentum: Float
    /// Whether the mean gradient's square is taken off the mean square.
    let isCentered: Bool

    static let kind = OptimizerKind("rmsprop", options: ["momentum", "alpha", "eps", "centered"]) { settings in
        try RMSprop(settings)
    }
    /// The same formula under the names of bitsandbytes, which has no momentum.
    static let bitsAndBytes = OptimizerKind(
        "rmsprop_bnb", "rmsprop_bnb_32bit", options: ["alpha", "eps"]
    ) { settings in
        try RMSprop(settings)
    }

    static let eightBit = OptimizerKind("rmsprop_bnb_8bit", options: ["alpha", "eps"]) { settings in
        EightBitOptimizer(try RMSprop(settings))
    }

    private init(_ settings: OptimizerSettings) throws {
        let arguments = settings.arguments
        self.init(
            alpha: try arguments.number("alpha", "0 up to, not including, 1") { $0 >= 0 && $0 < 1 } ?? 0.99,
            epsilon: try arguments.number("eps", "0 or more") { $0 >= 0 } ?? 1e-8,
            momentum: try arguments.number("momentum", "0 or more") { $0 >= 0 } ?? 0,
            isCentered: try arguments.flag("centered") ?? false)
    }

    package init(alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentered: Bool = false) {
        self.alpha = alpha
        self.epsilon = Float(epsilon)
        self.momentum = Float(momentum)
        self.isCentered = isCentered
    }

    package var stateNames: [String] {
        ["square_avg"] + (momentum > 0 ? ["momentum_buffer"] : []) + (isCentered ? ["grad_avg"] : [])
    }

    package var nonNegativeStates: Set<String> { ["square_avg"] }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        let (rate, decay, factor) = (Float(update.learningRate), Float(update.weightDecay), update.gradientFactor)
        let (kept, added) = (Float(alpha), Float(1 - alpha))
        let (p, g, squares) = (block.value, block.gradient, block.state[0])
        let buffer = momentum > 0 ? block.state[1] : nil
        let means = isCentered ? block.state[block.state.count - 1] : nil
        for i in 0..<block.count {
            let gradient = g[i] * factor + decay * p[i]
            squares[i] = kept * squares[i] + added * gradient * gradient
            var spread = squares[i]
            if let means {
                means[i] += added * (gradient - means[i])
                spread = max(0, spread - means[i] * means[i])
            }
            var change = gradient / (spread.squareRoot() + epsilon)
            if let buffer {
                change += momentum * buffer[i]
                buffer[i] = change
            }
            p[i] -= rate * change
        }
    }
}
