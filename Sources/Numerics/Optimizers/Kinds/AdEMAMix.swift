internal import Glibc

/// AdEMAMix (Pagliardini, Ablin and Grangier, 2024): AdamW with a second, much slower mean of the gradient.
package struct AdEMAMix: ElementwiseOptimizer {
    let beta1: Double
    let beta2: Double
    /// Memory of the slow mean.
    let beta3: Double
    /// How much the slow mean counts.
    let alpha: Double
    let epsilon: Float
    /// Updates during which `alpha` rises from 0, and `beta3` from `beta1`.
    let warmup: (alpha: Double?, beta3: Double?)

    static let options = ["beta1", "beta2", "beta3", "alpha", "eps", "t_alpha", "t_beta3"]
    static let kind = OptimizerKind("ademamix", "paged_ademamix_32bit", options: options) { try AdEMAMix($0) }

    static let eightBit = OptimizerKind("ademamix_8bit", "paged_ademamix_8bit", options: options) {
        EightBitOptimizer(try AdEMAMix($0))
    }

    init(_ settings: OptimizerSettings) throws {
        let arguments = settings.arguments
        func share(_ name: String) throws -> Double? {
            try arguments.number(name, "0 up to, not including, 1") { $0 >= 0 && $0 < 1 }
        }
        func steps(_ name: String) throws -> Double? {
            try arguments.number(name, "a whole number of steps, at least 1") { $0 >= 1 && $0 == $0.rounded() }
        }
        beta1 = try share("beta1") ?? settings.beta1
        beta2 = try share("beta2") ?? settings.beta2
        beta3 = try share("beta3") ?? 0.9999
        alpha = try arguments.number("alpha", "0 or more") { $0 >= 0 } ?? 5
        epsilon = Float(try arguments.number("eps", "0 or more") { $0 >= 0 } ?? settings.epsilon)
        warmup = (try steps("t_alpha"), try steps("t_beta3"))
    }

    package var stateNames: [String] { ["exp_avg", "exp_avg_slow", "exp_avg_sq"] }

    package var nonNegativeStates: Set<String> { ["exp_avg_sq"] }

    package func apply(_ update: ParameterUpdate, to block: ElementBlock) {
        let step = Double(update.step)
        let rate = Float(update.learningRate)
        let kept = Float(1 - update.learningRate * update.weightDecay)
        let correction1 = Float(1 - pow(beta1, step))
        let root2 = Float((1 - pow(beta2, step)).squareRoot())
        let (kept1, added1) = (Float(beta1), Float(1 - beta1))
        let (kept2, added2) = (Float(beta2), Float(1 - beta2))
        let slow = beta3(at: step)
        let (kept3, added3, alpha) = (Float(slow), Float(1 - slow), Float(alpha(at: step)))
        let (p, g) = (block.value, block.gradient)
        let (m, s, v) = (block.state[0], block.state[1], block.state[2])
        for i in 0..<block.count {
            let gradient = g[i] * update.gradientFactor
            m[i] = kept1 * m[i] + added1 * gradient
            s[i] = kept3 * s[i] + added3 * gradient
            v[i] = kept2 * v[i] + added2 * gradient * gradient
            let change = (m[i] / correction1 + alpha * s[i]) / (v[i].squareRoot() / root2 + epsilon)
            p[i] = p[i] * kept - rate * change
        }
    }

    private func alpha(at step: Double) -> Double {
        warmup.alpha.map { min(alpha, step * alpha / $0) } ?? alpha
    }

    /// The paper's schedule: the mean's half-life grows linearly.
    private func beta3(at step: Double) -> Double {
        guard let steps = warmup.beta3, step < steps, beta1 > 0 else { return beta3 }
        let (fast, slow, share) = (log(beta1), log(beta3), step / steps)
        return min(beta3, exp(fast * slow / ((1 - share) * slow + share * fast)))
    }
}
