import Tensors
import Testing

/// Rotations of a layer's inputs; the numbers of PEFT are in AdaptersTests and TrainingLoopTests.
struct OrthogonalBranchTests {
    private func branch(
        terms: Int = 5, dropout: Float = 0, scale: Float = 0.2, blocks: Int = 3, size: Int = 4
    ) throws -> OrthogonalBranch {
        try OrthogonalBranch(
            angles: Parameter(name: "r", value: noise([blocks, size * (size - 1) / 2], "r", scale: scale)),
            blockSize: size, outputs: 5, terms: terms, dropout: dropout, site: 9)
    }

    private let layer = LinearProjection(
        weight: .frozen(Weight(name: "w", tensor: noise([5, 12], "w"))),
        bias: .frozen(Weight(name: "b", tensor: noise([5], "b"))))

    private func output(_ branch: OrthogonalBranch, _ x: Tensor, randomness: RandomContext? = nil) throws -> Tensor {
        let tape = Tape(recording: false, randomness: randomness)
        return try branch.forward(tape.constant(x), beside: layer, on: tape).value
    }

    @Test func noAngleIsNoRotation() throws {
        let x = noise([7, 12], "x")
        let plain = Tape(recording: false)
        let expected = try plain.linear(plain.constant(x), layer).value.array
        #expect(relativeError(try output(branch(scale: 0), x).array, expected) < 1e-6)
        #expect(relativeError(try output(branch(), x).array, expected) > 1e-2)
        #expect(relativeError(try output(branch(terms: 1), x).array, expected) < 1e-6)
    }

    /// With more terms the transform of a small matrix comes to keep lengths.
    @Test func manyTermsKeepLengths() throws {
        let identity = Tensor(zeros: [12, 12])
        for index in 0..<12 { identity[index * 13] = 1 }
        let errors = try [2, 5, 20].map { terms in
            let rotation = try branch(terms: terms).folded(into: identity)
            let product = Tensor(uninitialized: [12, 12])
            try product.setToProduct(of: rotation, leftTransposed: true, and: rotation)
            return relativeError(product.array, identity.array)
        }
        #expect(errors[0] > errors[1] && errors[1] > errors[2] && errors[2] < 1e-5, "\(errors)")
    }

    @Test func foldedWeightIsTheSameFunction() throws {
        let (branch, x) = (try branch(), noise([300, 12], "x"))
        let folded = try branch.folded(into: layer.weight.widened())
        let merged = LinearProjection(weight: .frozen(Weight(name: "w", tensor: folded)), bias: layer.bias)
        let tape = Tape(recording: false)
        #expect(
            relativeError(try output(branch, x).array, try tape.linear(tape.constant(x), merged).value.array) < 1e-5)
    }

    /// Gradients against differences of the loss, with blocks left out and without.
    @Test(arguments: [(2, Float(0)), (4, 0), (5, 0), (7, 0), (5, 0.4)]) func gradients(terms: Int, dropout: Float)
        throws
    {
        let branch = try branch(terms: terms, dropout: dropout)
        let randomness = RandomContext(seed: 3, step: 1, microBatch: 0)
        let (input, dy) = (noise([6, 12], "x"), noise([6, 5], "dy"))
        func loss() throws -> Double {
            zip(try output(branch, input, randomness: randomness).array, dy.array)
                .reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let tape = Tape(recording: true, randomness: randomness)
        let x = tape.leaf(input)
        try tape.backward(from: branch.forward(x, beside: layer, on: tape), gradient: dy)
        for (values, gradient) in [(branch.angles.value, branch.angles.gradient), (input, tape.gradient(of: x))] {
            let gradient = try #require(gradient)
            for index in 0..<values.count {
                let value = values[index]
                values[index] = value + 0.01
                let above = try loss()
                values[index] = value - 0.01
                let below = try loss()
                values[index] = value
                #expect(abs(Double(gradient[index]) - (above - below) / 0.02) < 1e-2, "\(index)")
            }
        }
        if dropout > 0 {
            let angles = try #require(branch.angles.gradient)
            #expect((0..<3).count { block in (0..<6).allSatisfy { angles[block * 6 + $0] == 0 } } == 1)
        }
    }

    /// Other blocks stay at every step, none outside of training, and never the only one.
    @Test func dropoutLeavesBlocks() throws {
        let (branch, x) = (try branch(dropout: 0.5), noise([2, 12], "x"))
        let all = try output(branch, x).array
        let steps = try (0..<8).map {
            try output(branch, x, randomness: RandomContext(seed: 1, step: $0, microBatch: 0)).array
        }
        #expect(steps.allSatisfy { $0 != all } && steps.contains { $0 != steps[0] })
        let single = try self.branch(dropout: 0.9, blocks: 1, size: 12)
        let randomness = RandomContext(seed: 1, step: 0, microBatch: 0)
        #expect(try output(single, x, randomness: randomness).array == output(single, x).array)
    }
}
