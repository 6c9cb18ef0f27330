package import Tensors

/// BAdam by ratio: another optimizer that changes a share of a parameter's elements, others after some updates.
///
/// The elements of one turn are the next after those of the last, either as they lie or in a fixed random order, which
/// tensors of one shape have in common. What is remembered is forgotten between two turns.
package struct ShareOfElements: Optimizer {
    /// The values of `badam_mask_mode`.
    package enum Pattern: String, CaseIterable, Sendable { case adjacent, scatter }

    private let inner: any Optimizer
    private let ratio: Double
    private let pattern: Pattern
    private let seed: UInt64

    /// Updates of one turn.
    private static let turn = 100

    package init(_ inner: any Optimizer, ratio: Double, pattern: Pattern, seed: UInt64) {
        self.inner = inner
        self.ratio = ratio
        self.pattern = pattern
        self.seed = seed
    }

    private func share(of shape: [Int]) -> Int { Int(Double(shape.reduce(1, *)) * ratio) }

    package func state(name: String, shape: [Int]) -> [StateTensor] {
        inner.state(name: name, shape: [share(of: shape)])
    }

    package func scratchByteCount(shape: [Int]) -> Int { 8 * share(of: shape) }

    /// Length of the elements that the next update uses.
    package func norm(of gradient: Tensor, step: Int) -> Float {
        GradientNorm.norm(of: gathered(gradient, step: step))
    }

    package func apply(_ update: ParameterUpdate) throws {
        let (value, gradient) = (
            gathered(update.value, step: update.step), gathered(update.gradient, step: update.step)
        )
        let step = (update.step - 1) % Self.turn + 1
        if step == 1, update.step > 1 {
            for case .floats(let tensor) in update.state.tensors.values { tensor.fill(0) }
        }
        try inner.apply(
            ParameterUpdate(
                name: update.name, value: value, gradient: gradient, gradientFactor: update.gradientFactor,
                learningRate: update.learningRate, weightDecay: update.weightDecay, state: update.state, step: step))
        let places = places(in: update.value, step: update.step)
        update.value.withUnsafeMutableBufferPointer { target in
            value.withUnsafeBufferPointer { source in
                ComputePool.shared.forEachBlock(value.count, atMost: ParameterUpdate.blockSize) { range in
                    for index in range { target[places[index]] = source[index] }
                }
            }
        }
    }

    private func gathered(_ tensor: Tensor, step: Int) -> Tensor {
        let (result, places) = (Tensor(uninitialized: [share(of: tensor.shape)]), places(in: tensor, step: step))
        result.withUnsafeMutableBufferPointer { target in
            tensor.withUnsafeBufferPointer { source in
                ComputePool.shared.forEachBlock(target.count, atMost: ParameterUpdate.blockSize) { range in
                    for index in range { target[index] = source[places[index]] }
                }
            }
        }
        return result
    }

    private func places(in tensor: Tensor, step: Int) -> Places {
        let turns = (step - 1) / Self.turn
        let offset = tensor.count > 0 ? turns * share(of: tensor.shape) % tensor.count : 0
        return Places(
            count: tensor.count, offset: offset,
            order: pattern == .scatter
                ? Permutation(of: tensor.count, seed: seed ^ Philox.hash("\(tensor.shape)")) : nil)
    }

    /// Where the elements of a turn lie.
    private struct Places {
        let count: Int
        let offset: Int
        let order: Permutation?

        subscript(index: Int) -> Int {
            let place = offset + index < count ? offset + index : offset + index - count
            return order?[place] ?? place
        }
    }
}
