import Adapters
import Tensors
import Testing

/// A worked example of one layer: LoRA, rank stabilization, a bfloat16 base, and merging.
@Suite struct LowRankNumbersTests {
    static let weight: [Float] = [-1, 0.25, -1.25, 0, -0.75, 0.5, -1, 0.25, -0.5, 0.75, -0.75, 0.5]
    static let input: [Float] = [1, 2, -1, 0.5, 0.25, -0.75, 1.5, -2]

    func pair(_ scaling: Float) throws -> LowRankBranch {
        try LowRankBranch(
            a: Parameter(name: "a", value: Tensor([0.5, -0.25, 1, 0.75, -1, 0.5, 0.25, -0.5], shape: [2, 4])),
            b: Parameter(name: "b", value: Tensor([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], shape: [3, 2])),
            scaling: scaling, dropout: 0, site: 1)
    }

    @Test(
        arguments: [
            (2, [0.925, 0.8, 2.325, -2.45, -1.575, -1.925]),
            (2.82842712474619, [0.956066012, 0.478984594, 2.33535528, -2.54837584, -1.24880672, -1.68164957]),
        ] as [(Float, [Float])])
    func branchBesideTheLayer(scaling: Float, expected: [Float]) throws {
        let bias = Weight(name: "bias", tensor: Tensor([0.1, 0.2, 0.3]))
        let layer = LinearProjection(
            weight: .frozen(Weight(name: "w", tensor: try Tensor(Self.weight, shape: [3, 4]))), bias: .frozen(bias),
            branch: try pair(scaling))
        let tape = Tape(recording: false)
        let found = try tape.linear(tape.constant(Tensor(Self.input, shape: [2, 4])), layer).value.array
        #expect(difference(found, expected) < 1e-5)
    }

    /// Our activations stay float32 where the reference rounds its own to bfloat16, so its rounding bounds the error.
    @Test func bfloat16Base() throws {
        let expected: [Float] = [0.92578125, 0.8046875, 2.328125, -2.453125, -1.5703125, -1.9296875]
        let base = try Weight(
            name: "w", format: .bfloat16, shape: [3, 4],
            copying: Weight.narrowedBytes(Tensor(Self.weight, shape: [3, 4]), to: .bfloat16))
        let bias = try Weight(
            name: "bias", format: .bfloat16, shape: [3],
            copying: Weight.narrowedBytes(Tensor([0.1, 0.2, 0.3]), to: .bfloat16))
        let tape = Tape(recording: false)
        let layer = LinearProjection(weight: .frozen(base), bias: .frozen(bias), branch: try pair(2))
        let found = try tape.linear(tape.constant(Tensor(Self.input, shape: [2, 4])), layer).value.array
        for (left, right) in zip(found, expected) { #expect(abs(left - right) <= abs(right) / 128) }
    }

    /// DoRA's worked example: values, every gradient, the merged weight.
    @Test func direction() throws {
        let weight = Weight(name: "w", tensor: try Tensor(Self.weight, shape: [3, 4]))
        let norms = try pair(0).rowNorms(of: .frozen(weight)).array
        #expect(difference(norms, [1.62018514, 1.36930645, 1.27475488]) < 1e-6)
        let magnitude = Parameter(name: "m", value: Tensor(zip(norms, [1.1, 0.9, 1.25]).map { $0 * $1 }))
        let branch = try DoRABranch(pair(2), magnitude: magnitude)
        let layer = LinearProjection(
            weight: .frozen(weight), bias: .frozen(Weight(name: "bias", tensor: Tensor([0.1, 0.2, 0.3]))),
            branch: branch)
        let tape = Tape(recording: true)
        let y = try tape.linear(tape.leaf(Tensor(Self.input, shape: [2, 4])), layer)
        let expected: [Float] = [1.22934449, 0.692403555, 1.30909038, -3.39070106, -1.2566936, -0.808753729]
        #expect(difference(y.value.array, expected) < 1e-5)
        try tape.backward(from: y, gradient: Tensor([1, -1, 0.5, 0.25, 2, -0.75], shape: [2, 3]))
        func gradient(_ parameter: Parameter) -> [Float] { parameter.gradient?.array ?? [] }
        #expect(difference(gradient(magnitude), [0.144017875, -2.76359773, 0.83850503]) < 1e-5)
        #expect(
            difference(
                gradient(branch.lowRank.a),
                [
                    -0.111033857, -2.0058043, 2.60826516, -3.08786917, -0.72318387, -2.35599422, 1.99666107,
                    -1.90795708,
                ]) < 1e-5)
        #expect(
            difference(
                gradient(branch.lowRank.b),
                [-1.49723685, -0.855563939, 2.05168128, 3.28269005, -0.545033395, -0.809763849]) < 1e-5)
        let merged: [Float] = [
            -0.684451163, 0, -1.57423759, 0.479115844, -1.02584064, 0.615504384, -0.164134488, 0.246201769,
            -1.09629571, 0.797306001, -0.722558558, -0.423568815,
        ]
        #expect(difference(try branch.folded(into: weight.widened()).array, merged) < 1e-5)
    }

    /// With dropout only the change sees the dropped input.
    @Test func directionWithDropout() throws {
        let weight = Weight(name: "w", tensor: try Tensor(Self.weight, shape: [3, 4]))
        let dropped = try LowRankBranch(a: pair(2).a, b: pair(2).b, scaling: 2, dropout: 0.5, site: 7)
        let norms = dropped.rowNorms(of: .frozen(weight)).array
        let branch = try DoRABranch(
            dropped, magnitude: Parameter(name: "m", value: Tensor(norms.map { $0 * 1.5 })))
        let randomness = RandomContext(seed: 3, step: 1, microBatch: 0)
        let mask = Dropout.mask([2, 4], randomness: randomness, site: 7, probability: 0.5).array
        let tape = Tape(recording: true, randomness: randomness)
        let found = try tape.linear(
            tape.leaf(Tensor(Self.input, shape: [2, 4])), LinearProjection(weight: .frozen(weight), branch: branch))
        func plain(_ x: [Float], _ branch: (any LinearBranch)?) throws -> [Float] {
            let tape = Tape(recording: false)
            return try tape.linear(
                tape.constant(Tensor(x, shape: [2, 4])), LinearProjection(weight: .frozen(weight), branch: branch)
            ).value.array
        }
        let thinned = zip(Self.input, mask).map { $0 * $1 }
        let (base, low) = (try plain(thinned, nil), try plain(thinned, pair(2)))
        let expected = try zip(plain(Self.input, nil), zip(base, low)).map { $0 + 1.5 * $1.1 - $1.0 }
        #expect(difference(found.value.array, expected) < 1e-5)
    }

    /// ΔW alone in float32, and added to a bfloat16 base with one rounding.
    @Test func merging() throws {
        let update: [Float] = [0.5, -0.25, 0.1, 0.35, -0.5, 0.25, 0.8, 0.05, -1.7, 0.85, -0.7, -1.35]
        let zero = Weight(name: "w", tensor: Tensor(zeros: [3, 4]))
        let found = try Adapter.merged(.frozen(zero), with: pair(2))
        #expect(difference(found.widened().array, update) < 1e-6)

        let rounded: [Float] = [
            -0.5, 0, -1.1484375, 0.349609375, -1.25, 0.75, -0.200195312, 0.30078125, -2.203125, 1.6015625, -1.453125,
            -0.8515625,
        ]
        let base = try Weight(
            name: "w", format: .bfloat16, shape: [3, 4],
            copying: Weight.narrowedBytes(Tensor(Self.weight, shape: [3, 4]), to: .bfloat16))
        guard case .frozen(let merged) = try Adapter.merged(.frozen(base), with: pair(2)) else {
            Issue.record("a frozen weight stays frozen")
            return
        }
        #expect(merged.format == .bfloat16)
        #expect(difference(merged.widened().array, rounded) < 1e-8)
    }

    @Test func initialValues() throws {
        let model = try AdapterFixtures().model
        let configuration = AdapterConfiguration(
            baseModel: nil, rank: 16, alpha: 32, targetModules: .names(["gate_proj", "down_proj"]))
        let adapter = try Adapter.fresh(configuration, for: model, seed: 9)
        for module in adapter.modules {
            let pair = try #require(module.pair)
            let a = pair.a.value
            let bound = 1 / Float(a.columns).squareRoot()
            #expect(a.array.allSatisfy { abs($0) <= bound } && a.array.contains { abs($0) > 0.9 * bound })
            let deviation = (a.array.reduce(0) { $0 + $1 * $1 } / Float(a.count)).squareRoot()
            #expect(abs(deviation - bound / Float(3).squareRoot()) < 0.1 * bound)
            #expect(pair.b.value.array.allSatisfy { $0 == 0 })
            #expect(pair.scaling == 2)
        }
        let again = try Adapter.fresh(configuration, for: model, seed: 9)
        let other = try Adapter.fresh(configuration, for: model, seed: 10)
        #expect(again.parameters[0].value.array == adapter.parameters[0].value.array)
        #expect(other.parameters[0].value.array != adapter.parameters[0].value.array)
        #expect(adapter.parameters[0].value.array != adapter.parameters[2].value.array)
    }
}
