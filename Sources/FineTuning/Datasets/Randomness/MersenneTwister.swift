/// MT19937 with the single-word initialization, the generator behind PyTorch's CPU permutations and NumPy's
/// legacy functions.
package struct MersenneTwister {
    private static let size = 624
    private static let shift = 397

    private var words: [UInt32]
    private var position = size

    package init(seed: UInt32) {
        words = [seed]
        words.reserveCapacity(Self.size)
        for index in 1..<Self.size {
            let last = words[index - 1]
            words.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
        }
    }

    package mutating func next() -> UInt32 {
        if position == Self.size { refill() }
        var word = words[position]
        position += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9d2c_5680
        word ^= word << 15 & 0xefc6_0000
        return word ^ word >> 18
    }

    private mutating func refill() {
        for index in 0..<Self.size {
            let joined =
                words[index] & 0x8000_0000 | words[(index + 1) % Self.size] & 0x7fff_ffff
            let twisted = joined >> 1 ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
            words[index] = words[(index + Self.shift) % Self.size] ^ twisted
        }
        position = 0
    }
}

// MARK: - NumPy's legacy functions

extension MersenneTwister {
    /// Uniform in 0...limit, as NumPy's legacy bounded integers.
    package mutating func next(through limit: Int) -> Int {
        guard limit > 0 else { return 0 }
        let mask = UInt32.max >> UInt32(UInt32(truncatingIfNeeded: limit).leadingZeroBitCount)
        while true {
            let draw = next() & mask
            if Int(draw) <= limit { return Int(draw) }
        }
    }

    /// NumPy's legacy `permutation`.
    package mutating func legacyPermutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, next(through: index)) }
        return order
    }
}

// MARK: - PyTorch's permutation

extension MersenneTwister {
    /// PyTorch's `randperm` on the CPU: Fisher-Yates from the front.
    package mutating func forwardPermutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in 0..<max(count - 1, 0) {
            order.swapAt(index, index + Int(UInt64(next()) % UInt64(count - index)))
        }
        return order
    }
}
