import Tensors
import Testing

/// Gradients of DoRA where inputs are dropped; the worked examples are in AdaptersTests.
struct DoRADropoutTests {
    private static let randomness = RandomContext(seed: 4, step: 2, microBatch: 1)
    private let layer = LinearProjection(
        weight: .frozen(Weight(name: "w", tensor: noise([5, 8], "w"))),
        bias: .frozen(Weight(name: "bias", tensor: noise([5], "bias"))))
    private let x = noise([6, 8], "x")
    private let dy = noise([6, 5], "dy")

    private func pair() throws -> LowRankBranch {
        try LowRankBranch(
            a: Parameter(name: "a", value: noise([2, 8], "a")), b: Parameter(name: "b", value: noise([5, 2], "b")),
            scaling: 1.5, dropout: 0.4, site: 3)
    }

    private func magnitude() -> Parameter { Parameter(name: "m", value: noise([5], "m")) }

    private func output(_ branch: any LinearBranch) throws -> Tensor {
        let tape = Tape(recording: false, randomness: Self.randomness)
        return try branch.forward(tape.constant(x), beside: layer, on: tape).value
    }

    private func backward(_ branch: any LinearBranch, _ gradient: Tensor) throws -> Tensor {
        let tape = Tape(recording: true, randomness: Self.randomness)
        let leaf = tape.leaf(x)
        try tape.backward(from: branch.forward(leaf, beside: layer, on: tape), gradient: gradient)
        return try #require(tape.gradient(of: leaf))
    }

    /// Norms are constant on the way back, so that the pair sees its own gradient times magnitude over norm.
    @Test func thePairsGradientIsScaled() throws {
        let (lowRank, magnitude) = (try pair(), magnitude())
        let branch = try DoRABranch(lowRank, magnitude: magnitude)
        _ = try backward(branch, dy)
        let norms = lowRank.rowNorms(of: layer.weight)
        let scaled = dy.copy()
        for index in 0..<scaled.count { scaled[index] *= magnitude.value[index % 5] / norms[index % 5] }
        let plain = try pair()
        _ = try backward(plain, scaled)
        for (left, right) in zip(lowRank.parameters, plain.parameters) {
            try expectClose(left.gradient, #require(right.gradient), left.name)
        }
    }

    @Test func gradientsOfInputAndMagnitude() throws {
        let magnitude = magnitude()
        let branch = try DoRABranch(pair(), magnitude: magnitude)
        let ofInput = try backward(branch, dy)
        func loss() throws -> Double { zip(try output(branch).array, dy.array).reduce(0) { $0 + Double($1.0 * $1.1) } }
        for (values, gradient) in [(x, ofInput), (magnitude.value, try #require(magnitude.gradient))] {
            for index in 0..<values.count {
                let value = values[index]
                values[index] = value + 0.01
                let above = try loss()
                values[index] = value - 0.01
                let below = try loss()
                values[index] = value
                #expect(abs(Double(gradient[index]) - (above - below) / 0.02) < 5e-3, "\(index)")
            }
        }
    }
}
