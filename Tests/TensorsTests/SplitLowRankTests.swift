import Tensors
import Testing

/// A low-rank branch inside the products of its layer, against the same in float32.
@Suite(.serialized) struct SplitLowRankTests {
    /// What a layer with a branch gives, all in one.
    private struct Results {
        var y: [[Float]] = []
        var dx: [Float] = []
        var da: [Float] = []
        var db: [Float] = []

        var all: [[Float]] { y + [dx, da, db] }
    }

    private func results(
        _ precision: MatmulPrecision, dropout: Float = 0, rank: Int = 8, layers: Int = 2
    ) throws -> Results {
        let (rows, inputs, outputs) = (90, 300, 140)
        let bytes = Weight.narrowedBytes(noise([outputs, inputs], "w"), to: .bfloat16)
        let weight = try Weight(name: "w", format: .bfloat16, shape: [outputs, inputs], copying: bytes)
        let branches = try (0..<layers).map {
            try LowRankBranch(
                a: Parameter(name: "a\($0)", value: noise([rank, inputs], "a\($0)")),
                b: Parameter(name: "b\($0)", value: noise([outputs, rank], "b\($0)")), scaling: 1.5, dropout: dropout,
                site: 7)
        }
        let bias = Weight(name: "bias", tensor: noise([outputs], "bias"))
        let tape = Tape(
            recording: true, randomness: RandomContext(seed: 3, step: 1, microBatch: 0), precision: precision)
        let x = tape.leaf(noise([rows, inputs], "x"))
        let outputsOfLayers = try branches.map {
            try tape.linear(x, LinearProjection(weight: .frozen(weight), bias: .frozen(bias), branch: $0))
        }
        let sum = try outputsOfLayers.dropFirst().reduce(outputsOfLayers[0]) { try tape.add($0, $1) }
        try tape.backward(from: sum, gradient: noise([rows, outputs], "dy"))
        return Results(
            y: outputsOfLayers.map(\.value.array), dx: try #require(tape.gradient(of: x)).array,
            da: branches.flatMap { $0.a.gradient?.array ?? [] }, db: branches.flatMap { $0.b.gradient?.array ?? [] })
    }

    @Test(arguments: [MatmulPrecision.high, .medium], [Float(0), 0.3])
    func isNearFloat32(_ precision: MatmulPrecision, dropout: Float) throws {
        let exact = try results(.highest, dropout: dropout)
        let found = try results(precision, dropout: dropout)
        for (left, right) in zip(found.all, exact.all) {
            #expect(left.count == right.count && !left.isEmpty && left != right)
            #expect(relativeError(left, right) < (precision == .high ? 1e-5 : 1e-2))
        }
    }

    /// Ranks beyond what is done by outer products.
    @Test func highRanks() throws {
        let (exact, found) = (try results(.highest, rank: 40), try results(.high, rank: 40))
        for (left, right) in zip(found.all, exact.all) { #expect(relativeError(left, right) < 1e-5) }
    }

    @Test(arguments: MatmulPrecision.allCases) func threadsChangeNoBit(_ precision: MatmulPrecision) throws {
        let expected = try results(precision, dropout: 0.1).all
        defer { ComputePool.shared.limitThreads(to: nil) }
        for threads in [1, 2, 3, 8] {
            ComputePool.shared.limitThreads(to: threads)
            #expect(try results(precision, dropout: 0.1).all == expected, "\(threads) threads")
        }
    }

    /// Layers that share their input share how it is packed, which changes nothing.
    @Test func aSharedInputIsAsGoodAsItsOwn() throws {
        #expect(try results(.medium, layers: 2).y[0] == results(.medium, layers: 1).y[0])
    }
}
