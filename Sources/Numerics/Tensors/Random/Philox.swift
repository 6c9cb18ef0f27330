import CKernels

/// Counter-based random numbers: Philox 4x32 with ten rounds (Salmon et al., SC 2011).
///
/// The numbers are a pure function of key and counter: any thread may compute any of them, in any order, again.
package struct Philox: Sendable {
    package let key: UInt64
    /// Counter words 1 to 3; word 0 counts blocks of four numbers.
    package let stream: (UInt32, UInt32, UInt32)

    package init(key: UInt64, stream: (UInt32, UInt32, UInt32)) {
        self.key = key
        self.stream = stream
    }

    /// Numbers for one named thing, e.g. the initial values of a parameter.
    package init(seed: UInt64, name: String) {
        let hash = Philox.hash(name)
        self.init(key: seed, stream: (UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32), .max))
    }

    /// FNV-1a over the name's UTF-8 bytes.
    package static func hash(_ name: String) -> UInt64 {
        var hash = FNVHash()
        for byte in name.utf8 { hash.add(UInt64(byte)) }
        return hash.value
    }

    /// The four numbers of one block.
    package func block(_ index: UInt32) -> SIMD4<UInt32> {
        var generator = kernel_philox(key: key, stream: stream)
        var numbers = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        unsafe withUnsafeMutableBytes(of: &numbers) { bytes in
            guard let first = bytes.bindMemory(to: UInt32.self).baseAddress else { return }
            unsafe kernel_philox_words(&generator, UInt64(index) * 4, first, 4)
        }
        return SIMD4(numbers.0, numbers.1, numbers.2, numbers.3)
    }

    /// The `index`-th number of the stream.
    package func word(_ index: Int) -> UInt32 { block(UInt32(truncatingIfNeeded: index >> 2))[index & 3] }

    /// Uniform in [0, 1) with 24 random bits.
    @inline(__always)
    package static func unit(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
}

/// What dropout masks and noise depend on beside the place: the run's seed and how far it has come.
package struct RandomContext: Sendable, Equatable {
    package var seed: UInt64
    package var step: Int
    package var microBatch: Int

    package init(seed: UInt64, step: Int, microBatch: Int) {
        self.seed = seed
        self.step = step
        self.microBatch = microBatch
    }

    /// Numbers for one place in the network; `site` is a hash of the place's name.
    package func generator(site: UInt64) -> Philox {
        let folded = UInt32(truncatingIfNeeded: site) ^ UInt32(truncatingIfNeeded: site >> 32)
        return Philox(
            key: seed, stream: (folded, UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: microBatch)))
    }
}
