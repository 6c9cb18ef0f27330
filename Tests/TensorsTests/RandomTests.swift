import Tensors
import Testing

@Suite struct RandomTests {
    /// Known answers of Random123 1.14, `kat_vectors`, philox4x32 10.
    @Test func philoxKnownAnswers() {
        let zero = Philox(key: 0, stream: (0, 0, 0)).block(0)
        #expect(zero == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = Philox(key: .max, stream: (.max, .max, .max)).block(.max)
        #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        let pi = Philox(key: 0x299f_31d0_a409_3822, stream: (0x85a3_08d3, 0x1319_8a2e, 0x0370_7344)).block(0x243f_6a88)
        #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func normalNumbersLookNormal() {
        let values = Tensor.normal([100_000], mean: 1, standardDeviation: 2, seed: 1, name: "w").array.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        #expect(abs(mean - 1) < 0.03 && abs(variance - 4) < 0.08)
        let beyondTwo = values.filter { abs($0 - 1) > 4 }.count
        #expect((4200...4900).contains(beyondTwo), "4.55 % lie beyond two deviations, here \(beyondTwo)")
    }

    @Test func kaimingStaysInItsBounds() {
        let values = Tensor.kaimingUniform([64, 25], seed: 1, name: "a").array
        #expect(values.allSatisfy { $0 >= -0.2 && $0 < 0.2 })
        #expect((values.max() ?? 0) > 0.19 && (values.min() ?? 0) < -0.19)
    }

    @Test func valuesDependOnSeedAndNameOnly() {
        let first = Tensor.normal([1001], seed: 7, name: "w").array
        #expect(Tensor.normal([1001], seed: 7, name: "w").array == first)
        #expect(Tensor.normal([1001], seed: 8, name: "w").array != first)
        #expect(Tensor.normal([1001], seed: 7, name: "v").array != first)
    }
}
