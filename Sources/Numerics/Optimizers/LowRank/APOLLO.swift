internal import Glibc
internal import Tensors

/// APOLLO (Zhu et al., 2025): gradients scaled by how much AdamW would change their low-rank projection.
package struct APOLLO: Optimizer {
    /// How the projection is found: the values of `apollo_proj`.
    package enum Basis: String, CaseIterable, Sendable { case svd, random }
    /// What gets a factor of its own: the values of `apollo_scale_type`.
    package enum Scaling: String, CaseIterable, Sendable { case channel, tensor }

    private let inner: TransformersAdamW
    private let settings: Settings
    private let seed: UInt64

    package struct Settings: Sendable {
        /// Not `full`.
        package var side: ProjectionSide
        package var basis: Basis
        package var scaling: Scaling
        package var rank: Int
        /// Updates between two projections.
        package var interval: Int
        /// Its root multiplies every update.
        package var scale: Double

        package init(
            side: ProjectionSide, basis: Basis, scaling: Scaling, rank: Int, interval: Int, scale: Double
        ) {
            self.side = side
            self.basis = basis
            self.scaling = scaling
            self.rank = rank
            self.interval = interval
            self.scale = scale
        }
    }

    /// - Parameter seed: of random bases
    package init(_ inner: TransformersAdamW, _ settings: Settings, seed: UInt64) {
        self.inner = inner
        self.settings = settings
        self.seed = seed
    }

    /// The length of the last update, for the limiter.
    private static let lastNorm = "last_norm"
    /// The most that an update may be longer than the last one.
    private static let growth = 1.01
    private static let epsilon = 1e-8

    package var usesAllThreads: Bool { false }

    private func projection(_ shape: [Int]) -> Projection {
        Projection(settings.side, shape: shape, rank: settings.rank)
    }

    package func state(name: String, shape: [Int]) -> [StateTensor] {
        let projection = projection(shape)
        return inner.state(name: name, shape: projection.projectedShape) + projection.state
    }

    package func scratchByteCount(shape: [Int]) -> Int {
        let projection = projection(shape)
        let projected = projection.projectedShape
        return 8 * projected[0] * projected[1]
            + (settings.basis == .svd ? SingularVectors.scratchByteCount(shape: shape, count: projection.rank) : 0)
    }

    package func apply(_ update: ParameterUpdate) throws {
        let projection = projection(update.value.shape)
        if (update.step - 1).isMultiple(of: settings.interval) { try refresh(projection, update) }
        let gradient = try projection.project(update.gradient, update.state, times: update.gradientFactor)
        // At a rate of 1 from 0, AdamW's change is its direction times the correction.
        let change = Tensor(zeros: gradient.shape)
        inner.apply(
            ParameterUpdate(
                name: update.name, value: change, gradient: gradient, learningRate: 1, state: update.state,
                step: update.step))
        let correction = inner.correction(step: update.step)
        let factors = factors(change, over: gradient, perRow: projection.hasRight).map { Float($0 / correction) }
        let (rows, columns) = (update.value.rows, update.value.columns)
        let scaled = FactoredGradient(
            update: update,
            rowFactors: projection.hasRight ? factors : [Float](repeating: 1, count: rows),
            columnFactors: projection.hasRight ? [Float](repeating: 1, count: columns) : factors)
        scaled.subtract(
            times: Float(update.learningRate * correction * settings.scale.squareRoot() / shortening(scaled)),
            then: Float(1 - update.learningRate * update.weightDecay))
    }

    /// A new basis; the moments stay.
    private func refresh(_ projection: Projection, _ update: ParameterUpdate) throws {
        guard settings.basis == .random else { return try projection.refresh(update.state, by: update.gradient) }
        for layout in projection.state {
            projection.set(
                layout.name, of: update.state,
                to: .normal(
                    layout.shape, standardDeviation: 1 / Float(projection.rank).squareRoot(), seed: seed,
                    name: "\(update.name) \(update.step)"))
        }
    }

    /// |change| / |gradient| for each row or column, or of all together as often.
    private func factors(_ change: Tensor, over gradient: Tensor, perRow: Bool) -> [Double] {
        let (squares, base) = (squares(change, perRow: perRow), squares(gradient, perRow: perRow))
        func ratio(_ left: Double, _ right: Double) -> Double {
            left.squareRoot() / (right.squareRoot() + Self.epsilon)
        }
        switch settings.scaling {
        case .channel: return zip(squares, base).map(ratio)
        case .tensor:
            return [Double](
                repeating: ratio(squares.reduce(0, +), base.reduce(0, +)), count: squares.count)
        }
    }

    private func squares(_ matrix: Tensor, perRow: Bool) -> [Double] {
        var sums = [Double](repeating: 0, count: perRow ? matrix.rows : matrix.columns)
        matrix.withUnsafeBufferPointer { values in
            for row in 0..<matrix.rows {
                for column in 0..<matrix.columns {
                    let value = Double(values[row * matrix.columns + column])
                    sums[perRow ? row : column] += value * value
                }
            }
        }
        return sums
    }

    /// By what an update is divided that is much longer than the last one.
    private func shortening(_ scaled: FactoredGradient) -> Double {
        let state = scaled.update.state
        let norm = scaled.sumOfSquares().squareRoot()
        guard scaled.update.step > 1 else {
            state.numbers[Self.lastNorm] = norm
            return 1
        }
        let last = state.numbers[Self.lastNorm] ?? 0
        let divisor = max(norm / (last + Self.epsilon), Self.growth) / Self.growth
        state.numbers[Self.lastNorm] = norm / divisor
        return divisor
    }
}
