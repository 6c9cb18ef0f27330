/// A random order of many numbers that is computed place by place and takes no memory.
///
/// A Feistel network permutes the next larger square of a power of two; what falls outside is sent through it again.
struct Permutation {
    private let count: UInt64
    private let halfBits: UInt64
    private let keys: (UInt64, UInt64, UInt64, UInt64)

    init(of count: Int, seed: UInt64) {
        self.count = UInt64(max(0, count))
        let bits = UInt64(UInt64.bitWidth - max(1, self.count &- 1).leadingZeroBitCount)
        halfBits = (bits + 1) / 2
        keys = (Self.mixed(seed &+ 1), Self.mixed(seed &+ 2), Self.mixed(seed &+ 3), Self.mixed(seed &+ 4))
    }

    /// The number at a place; both are at least 0 and below the count.
    @inline(__always)
    subscript(place: Int) -> Int {
        var value = permuted(UInt64(place))
        while value >= count { value = permuted(value) }
        return Int(value)
    }

    @inline(__always)
    private func permuted(_ value: UInt64) -> UInt64 {
        let mask: UInt64 = (1 << halfBits) &- 1
        var (left, right) = (value >> halfBits, value & mask)
        (left, right) = (right, left ^ (Self.mixed(right ^ keys.0) & mask))
        (left, right) = (right, left ^ (Self.mixed(right ^ keys.1) & mask))
        (left, right) = (right, left ^ (Self.mixed(right ^ keys.2) & mask))
        (left, right) = (right, left ^ (Self.mixed(right ^ keys.3) & mask))
        return left << halfBits | right
    }

    /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
    @inline(__always)
    private static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
