internal import Tensors

/// GaLore (Zhao et al., 2024): another optimizer that works on a low-rank projection of a matrix's gradient.
///
/// The projection comes from the gradient itself and is made anew at intervals; what the inner optimizer remembers
/// outlives it.
package struct GaLore: Optimizer {
    private let inner: any Optimizer
    private let side: ProjectionSide
    private let rank: Int
    private let interval: Int
    private let scale: Float

    /// - Parameters:
    ///   - inner: updates the projected parameter
    ///   - interval: updates between two projections
    ///   - scale: what an update is multiplied by on its way back
    package init(_ inner: any Optimizer, side: ProjectionSide, rank: Int, interval: Int, scale: Double) {
        self.inner = inner
        self.side = side
        self.rank = rank
        self.interval = interval
        self.scale = Float(scale)
    }

    package var usesAllThreads: Bool { false }

    private func projection(_ shape: [Int]) -> Projection { Projection(side, shape: shape, rank: rank) }

    package func state(name: String, shape: [Int]) -> [StateTensor] {
        let projection = projection(shape)
        return inner.state(name: name, shape: projection.projectedShape) + projection.state
    }

    package func scratchByteCount(shape: [Int]) -> Int {
        let projection = projection(shape)
        let projected = projection.projectedShape
        return 8 * projected[0] * projected[1] + projection.scratchByteCount
            + max(
                inner.scratchByteCount(shape: projected),
                SingularVectors.scratchByteCount(shape: shape, count: projection.rank))
    }

    package func apply(_ update: ParameterUpdate) throws {
        let projection = projection(update.value.shape)
        if (update.step - 1).isMultiple(of: interval) {
            try projection.refresh(update.state, by: update.gradient)
        }
        let gradient = try projection.project(update.gradient, update.state, times: update.gradientFactor)
        // The inner optimizer moves away from 0, and as far the parameter moves along the bases.
        let change = Tensor(zeros: gradient.shape)
        try inner.apply(
            ParameterUpdate(
                name: update.name, value: change, gradient: gradient, learningRate: update.learningRate,
                state: update.state, step: update.step))
        try projection.addBack(change, to: update.value, update.state, times: scale)
        guard update.weightDecay != 0 else { return }
        let kept = Float(1 - update.learningRate * update.weightDecay)
        update.forEachBlock([]) { block in
            for i in 0..<block.count { block.value[i] *= kept }
        }
    }
}
