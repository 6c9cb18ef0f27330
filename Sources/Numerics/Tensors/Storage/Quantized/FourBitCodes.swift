/// Sixteen numbers from -1 to 1 that stand for codes of four bits (Dettmers et al., 2023; bitsandbytes).
package struct FourBitCodes: Sendable, Equatable {
    /// `nf4` or `fp4`.
    package let name: String
    /// By code.
    package let numbers: [Float]
    /// The codes in ascending order of their numbers.
    let order: [UInt32]
    /// The points between neighbours.
    let thresholds: [Float]

    private init(_ name: String, _ numbers: [Float], order: [UInt32]) {
        self.name = name
        self.numbers = numbers
        self.order = order
        let sorted = order.map { numbers[Int($0)] }
        thresholds = zip(sorted, sorted.dropFirst()).map { ($0 + $1) / 2 }
    }

    /// Denser where numbers with a normal distribution are.
    package static let nf4 = FourBitCodes(
        "nf4",
        [
            -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
            -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
            0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
        ], order: Array(0..<16))

    /// A sign, two bits of exponent and one of fraction.
    package static let fp4 = FourBitCodes(
        "fp4",
        {
            let positive: [Float] = [
                0.0, 0.0052083333, 0.6666667, 1.0, 0.33333334, 0.5, 0.16666667, 0.25,
            ]
            return positive + positive.map { -$0 }
        }(),
        // Both zeros stand side by side, 0 before -0.
        order: [11, 10, 13, 12, 15, 14, 9, 0, 8, 1, 6, 7, 4, 5, 2, 3])

    package static let all = [nf4, fp4]

    /// Numbers that share a scale.
    package static let blockSize = 64
}
