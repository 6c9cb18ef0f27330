/// Stochastic gradient descent with PyTorch's momentum; weight decay is added to the gradient.
package struct SGD: ElementwiseOptimizer {
    let momentum: Float
    let dampening: Float
    let isNesterov: Bool

    static let kind = OptimizerKind("sgd", options: ["momentum", "dampening", "nesterov"]) { settings in
        try SGD(
            momentum: settings.arguments.number("momentum") ?? 0,
            dampening: settings.arguments.number("dampening") ?? 0,
            isNesterov: settings.arguments.flag("nesterov") ?? false)
    }

    /// - Throws: `OptimizerError` for settings that do not go together
    package init(momentum: Double = 0, dampening: Double = 0, isNesterov: Bool = false) throws {
        guard momentum >= 0 else {
            throw OptimizerError.invalidSetting(
                name: "optim_args.momentum", value: "\(momentum)", expected: "0 or more")
        }
        guard !isNesterov || momentum > 0 && dampening == 0 else {
            throw OptimizerError.invalidSetting(
                name: "optim_args.nesterov", value: "true",
                expected: "false, or a momentum above 0 and a dampening of 0")
        }
        self.momentum = Float(momentum)
        self.dampening = Float(dampening)
        self.isNesterov = isNesterov
    }

    package var stateNames: [String] { momentum == 0 ? [] : ["momentum_buffer"] }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        let (rate, decay, factor) = (Float(update.learningRate), Float(update.weightDecay), update.gradientFactor)
        let (p, g) = (block.value, block.gradient)
        guard let b = block.state.first else {
            for i in 0..<block.count { p[i] -= rate * (g[i] * factor + decay * p[i]) }
            return
        }
        // The first gradient is remembered whole.
        let (kept, added) = update.step == 1 ? (0, 1) : (momentum, 1 - dampening)
        let (ofGradient, ofBuffer) = isNesterov ? (1, momentum) : (Float(0), Float(1))
        for i in 0..<block.count {
            let gradient = g[i] * factor + decay * p[i]
            b[i] = kept * b[i] + added * gradient
            p[i] -= rate * (ofGradient * gradient + ofBuffer * b[i])
        }
    }
}
