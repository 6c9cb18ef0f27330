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

    /// ΔW alone in float32, and added to a bfloat16 base with one rounding.
    @Test func merging() throws {
        let update: [Float] = [0.5, -0.25, 0.1, 0.35, -0.5, 0.25, 0.8, 0.05, -1.7, 0.85, -0.7, -1.35]
        let zero = Weight(name: "w", tensor: Tensor(zeros: [3, 4]))
        let found = try LoRAAdapter.merged(.frozen(zero), with: pair(2))
        #expect(difference(found.widened().array, update) < 1e-6)

        let rounded: [Float] = [
            -0.5, 0, -1.1484375, 0.349609375, -1.25, 0.75, -0.200195312, 0.30078125, -2.203125, 1.6015625, -1.453125,
            -0.8515625,
        ]
        let base = try Weight(
            name: "w", format: .bfloat16, shape: [3, 4],
            copying: Weight.narrowedBytes(Tensor(Self.weight, shape: [3, 4]), to: .bfloat16))
        guard case .frozen(let merged) = try LoRAAdapter.merged(.frozen(base), with: pair(2)) else {
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
        let adapter = try LoRAAdapter.fresh(configuration, for: model, seed: 9)
        for module in adapter.modules {
            let a = module.pair.a.value
            let bound = 1 / Float(a.columns).squareRoot()
            #expect(a.array.allSatisfy { abs($0) <= bound } && a.array.contains { abs($0) > 0.9 * bound })
            let deviation = (a.array.reduce(0) { $0 + $1 * $1 } / Float(a.count)).squareRoot()
            #expect(abs(deviation - bound / Float(3).squareRoot()) < 0.1 * bound)
            #expect(module.pair.b.value.array.allSatisfy { $0 == 0 })
            #expect(module.pair.scaling == 2)
        }
        let again = try LoRAAdapter.fresh(configuration, for: model, seed: 9)
        let other = try LoRAAdapter.fresh(configuration, for: model, seed: 10)
        #expect(again.parameters[0].value.array == adapter.parameters[0].value.array)
        #expect(other.parameters[0].value.array != adapter.parameters[0].value.array)
        #expect(adapter.parameters[0].value.array != adapter.parameters[2].value.array)
    }
}
