/// The PCG64 stream (XSL-RR 128/64) seeded as NumPy's `default_rng` does it, so that splits and mixes equal the
/// reference's for the same seed.
package struct PCG64 {
    private static let multiplier: UInt128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645

    private var state: UInt128 = 0
    private let increment: UInt128
    /// The high half of the last 64-bit draw that was used for 32 bits.
    private var buffered: UInt32?

    package init(seed: UInt64) {
        let words = SeedSequence(seed: seed).words
        increment = (UInt128(words[2]) << 64 | UInt128(words[3])) << 1 | 1
        step()
        state &+= UInt128(words[0]) << 64 | UInt128(words[1])
        step()
    }

    private mutating func step() {
        state = state &* Self.multiplier &+ increment
    }

    package mutating func next64() -> UInt64 {
        step()
        let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
        let turn = UInt64(truncatingIfNeeded: state >> 122)
        return folded >> turn | folded << ((64 &- turn) & 63)
    }

    mutating func next32() -> UInt32 {
        if let half = buffered {
            buffered = nil
            return half
        }
        let both = next64()
        buffered = UInt32(truncatingIfNeeded: both >> 32)
        return UInt32(truncatingIfNeeded: both)
    }

    /// Uniform in [0, 1) with 53 bits.
    package mutating func nextDouble() -> Double {
        Double(next64() >> 11) * 0x1p-53
    }

    /// Uniform in 0...limit: draws under the smallest mask that covers `limit` until one fits.
    mutating func next(through limit: Int) -> Int {
        guard limit > 0 else { return 0 }
        let mask = UInt64.max >> UInt64(UInt64(limit).leadingZeroBitCount)
        while true {
            let draw = (mask <= UInt64(UInt32.max) ? UInt64(next32()) : next64()) & mask
            if draw <= UInt64(limit) { return Int(draw) }
        }
    }

    /// Uniform below `limit`, which is at most 2^32, by Lemire's multiplication (arXiv 1805.10941).
    mutating func next(below limit: Int) -> Int {
        guard limit > 1 else { return 0 }
        let count = UInt64(limit)
        var product = UInt64(next32()) * count
        if product & 0xFFFF_FFFF < count {
            let threshold = (1 << 32 - count) % count
            while product & 0xFFFF_FFFF < threshold { product = UInt64(next32()) * count }
        }
        return Int(product >> 32)
    }

    /// A uniformly drawn order of 0..<count.
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, next(through: index)) }
        return order
    }

    /// An index drawn with the given probabilities.
    package mutating func choice(_ probabilities: [Double]) -> Int {
        var cumulative: [Double] = []
        var sum = 0.0
        for probability in probabilities {
            sum += probability
            cumulative.append(sum)
        }
        let draw = nextDouble()
        return cumulative.firstIndex { $0 / sum > draw } ?? probabilities.count - 1
    }
}

/// NumPy's `SeedSequence`: spreads a seed's bits over the words that start a generator.
package struct SeedSequence {
    package let pool: [UInt32]
    /// Four 64-bit words of output.
    package let words: [UInt64]

    package init(seed: UInt64) {
        var entropy = [UInt32(truncatingIfNeeded: seed)]
        if seed > UInt64(UInt32.max) { entropy.append(UInt32(truncatingIfNeeded: seed >> 32)) }
        var hash: UInt32 = 0x43b0_d7e5
        func hashed(_ word: UInt32) -> UInt32 {
            var value = word ^ hash
            hash = hash &* 0x931e_8875
            value = value &* hash
            return value ^ value >> 16
        }
        func mixed(_ x: UInt32, _ y: UInt32) -> UInt32 {
            let value = 0xca01_f9dd &* x &- 0x4973_f715 &* y
            return value ^ value >> 16
        }
        var pool = (0..<4).map { hashed($0 < entropy.count ? entropy[$0] : 0) }
        for source in 0..<4 {
            for target in 0..<4 where target != source { pool[target] = mixed(pool[target], hashed(pool[source])) }
        }
        self.pool = pool
        var output: UInt32 = 0x8b51_f9dd
        let halves = (0..<8).map { index -> UInt64 in
            var value = pool[index % 4] ^ output
            output = output &* 0x58f3_8ded
            value = value &* output
            return UInt64(value ^ value >> 16)
        }
        words = (0..<4).map { halves[2 * $0] | halves[2 * $0 + 1] << 32 }
    }
}
