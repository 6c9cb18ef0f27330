internal import CKernels
internal import Glibc
package import Tensors

/// Adam-mini (Zhang et al., 2024): AdamW that remembers one mean square for each block of a parameter.
///
/// Blocks are told by the parameter's name: heads of queries and keys, rows of other matrices, single biases, and whole
/// tensors such as norms.
package struct AdamMini: Optimizer {
    let beta1: Double
    let beta2: Double
    let epsilon: Double
    /// Elements of one head of a query or key projection.
    let headCount: Int

    /// - Parameter headCount: the square of the model's width by its number of attention heads
    package init(beta1: Double, beta2: Double, epsilon: Double, headCount: Int) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.headCount = headCount
    }

    /// - Throws: `OptimizerError` for a query or key projection that is not made of whole heads
    package func check(_ parameter: Parameter) throws {
        let size = blockSize(parameter.name, parameter.shape)
        guard parameter.count.isMultiple(of: size) else {
            throw OptimizerError.invalidSetting(
                name: "use_adam_mini", value: "true",
                expected: "false, since `\(parameter.name)` of shape \(parameter.shape) is not made of heads of \(size)"
            )
        }
    }

    /// Whether a parameter of this name decays.
    package static func isDecayed(_ name: String) -> Bool { !["norm", "ln", "bias"].contains { name.contains($0) } }

    private static let headNames = ["k_proj", "q_proj", "wq", "wk", "query", "key"]
    private static let rowNames = [
        "embed", "embd", "wte", "lm_head", "output", "final_layer", "v_proj", "wv", "value", "o_proj", "wo",
        "attn.proj", "feed_forward", "linear", "mlp",
    ]

    /// Elements that share a mean square.
    private func blockSize(_ name: String, _ shape: [Int]) -> Int {
        let name = name.lowercased()
        func matches(_ parts: [String]) -> Bool { parts.contains { name.contains($0) } }
        if name.contains("bias") { return 1 }
        if matches(Self.headNames) { return headCount }
        return matches(Self.rowNames) ? shape.last ?? 1 : shape.reduce(1, *)
    }

    package func state(name: String, shape: [Int]) -> [StateTensor] {
        let count = shape.reduce(1, *) / max(1, blockSize(name, shape))
        return [StateTensor("exp_avg", shape), StateTensor("exp_avg_sq", [count])]
    }

    package func apply(_ update: ParameterUpdate) {
        let size = blockSize(update.name, update.value.shape)
        let (step, factor) = (Double(update.step), update.gradientFactor)
        let rate = update.learningRate / (1 - pow(beta1, step))
        let root = (1 - pow(beta2, step)).squareRoot()
        let kept = Float(1 - update.learningRate * update.weightDecay)
        let added = Float(1 - beta1)
        let squares = update.state.floats("exp_avg_sq")
        let means = update.state.floats("exp_avg")
        ComputePool.shared.forEachBlock(squares.count, atMost: max(1, ParameterUpdate.blockSize / size)) { blocks in
            update.value.withUnsafeMutableBufferPointer { values in
                update.gradient.withUnsafeBufferPointer { gradients in
                    means.withUnsafeMutableBufferPointer { means in
                        for block in blocks {
                            let start = block * size
                            guard let p = values.baseAddress.map({ $0 + start }),
                                let g = gradients.baseAddress.map({ $0 + start }),
                                let m = means.baseAddress.map({ $0 + start })
                            else { continue }
                            let square = kernel_sum_of_squares_f32(g, size) * Double(factor) * Double(factor)
                            let mean = beta2 * Double(squares[block]) + (1 - beta2) * square / Double(size)
                            squares[block] = Float(mean)
                            let blockRate = Float(rate / (mean.squareRoot() / root + epsilon))
                            for i in 0..<size {
                                m[i] += added * (g[i] * factor - m[i])
                                p[i] = p[i] * kept - blockRate * m[i]
                            }
                        }
                    }
                }
            }
        }
    }
}
