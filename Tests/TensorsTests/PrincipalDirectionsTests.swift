import Tensors
import Testing

/// A worked example of PiSSA's start, and shapes of every kind.
struct PrincipalDirectionsTests {
    private static let weight: [Float] = [
        -1, -0.25, -1.25, -0.75, 0.75, -0.5, -0.25, 1.5, -0.5, -0.5, 1, 0.75, -1.5, -0.25, -0.75, 0.25,
    ]
    private static let residual: [Float] = [
        0.234741092, -0.214624256, -0.281021953, -0.0135082006, 0.489502996, -0.0575620234, -0.740941942, 0.156938076,
        -0.470415711, -0.119754493, 0.781601965, -0.233915865, -0.106504917, 0.181955099, 0.0939022899, 0.0462726057,
    ]

    private func branch(_ weight: Tensor, rank: Int, _ method: PrincipalDirections.Method) throws -> PiSSABranch {
        let start = try PrincipalDirections(
            of: .frozen(Weight(name: "w", tensor: weight)), count: rank, method: method, seed: 3, name: "w"
        ).pair(scaling: 2)
        return try PiSSABranch(
            LowRankBranch(
                a: Parameter(name: "a", value: start.a.copy()), b: Parameter(name: "b", value: start.b.copy()),
                scaling: 2, dropout: 0, site: 1), start: start)
    }

    private func without(_ start: LowRankPair, _ weight: Tensor) throws -> [Float] {
        let product = Tensor(uninitialized: weight.shape)
        try product.setToProduct(of: start.b, leftTransposed: false, and: start.a)
        return zip(weight.array, product.array).map { $0 - 2 * $1 }
    }

    @Test(
        arguments: [(PrincipalDirections.Method.exact, 1e-6), (.iterations(16), 1e-3)]
            as [(PrincipalDirections.Method, Float)])
    func theResidualIsTheExamples(method: PrincipalDirections.Method, tolerance: Float) throws {
        let weight = try Tensor(Self.weight, shape: [4, 4])
        let pair = try branch(weight, rank: 2, method)
        let found = try without(pair.start, weight)
        for (left, right) in zip(found, Self.residual) { #expect(abs(left - right) < tolerance) }
        // Begun as it is, the branch changes nothing.
        #expect(relativeError(try pair.folded(into: weight).array, Self.weight) < 1e-6)
    }

    /// Rounds bring the approximate directions to the exact ones, for tall and for wide weights.
    @Test(arguments: [[40, 25], [25, 40], [30, 30], [9, 50]]) func roundsConverge(shape: [Int]) throws {
        let weight = noise(shape, "weight")
        // A gap behind the third value, as there is none in noise.
        let (left, right) = (noise([shape[0], 3], "left"), noise([3, shape[1]], "right"))
        let large = Tensor(uninitialized: shape)
        try large.setToProduct(of: left, leftTransposed: false, and: right)
        for index in 0..<weight.count { weight[index] += 3 * large[index] }
        let exact = try without(branch(weight, rank: 3, .exact).start, weight)
        let errors = try [0, 1, 8].map { rounds in
            relativeError(try without(branch(weight, rank: 3, .iterations(rounds)).start, weight), exact)
        }
        #expect(errors[0] > errors[1] && errors[1] > errors[2] && errors[2] < 1e-4, "\(errors)")
    }

    /// A layer beside a branch with a start is the layer without it and an ordinary branch, backwards too.
    @Test(arguments: [(3, Float(0)), (100, 0), (100, 0.3)]) func aStartIsTakenFromTheWeight(rows: Int, dropout: Float)
        throws
    {
        let weight = noise([20, 30], "w")
        let start = LowRankPair(a: noise([4, 30], "a0"), b: noise([20, 4], "b0"))
        let rest = try Tensor(without(start, weight), shape: [20, 30])
        var results: [[[Float]]] = []
        for (matrix, start) in [(weight, start as LowRankPair?), (rest, nil)] {
            let pair = try LowRankBranch(
                a: Parameter(name: "a", value: noise([4, 30], "a")),
                b: Parameter(name: "b", value: noise([20, 4], "b")), scaling: 2, dropout: dropout, site: 5)
            let branch: any LinearBranch = try start.map { try PiSSABranch(pair, start: $0) } ?? pair
            let tape = Tape(recording: true, randomness: RandomContext(seed: 1, step: 2, microBatch: 0))
            let x = tape.leaf(noise([rows, 30], "x"))
            let y = try tape.linear(
                x, LinearProjection(weight: .frozen(Weight(name: "w", tensor: matrix)), branch: branch))
            try tape.backward(from: y, gradient: noise([rows, 20], "dy"))
            results.append(
                try [
                    y.value.array, #require(tape.gradient(of: x)).array, #require(pair.a.gradient).array,
                    #require(pair.b.gradient).array, branch.folded(into: matrix).array,
                ])
        }
        for (left, right) in zip(results[0], results[1]) { #expect(relativeError(left, right) < 1e-5) }
    }
}
