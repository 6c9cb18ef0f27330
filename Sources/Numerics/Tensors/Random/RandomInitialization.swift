import Glibc

/// Reproducible initial values: a function of seed, name and element only, not of threads or order.
extension Tensor {
    /// Normal numbers by Box and Muller's transform.
    package static func normal(
        _ shape: [Int], mean: Float = 0, standardDeviation: Float = 1, seed: UInt64, name: String
    ) -> Tensor {
        filled(shape, Philox(seed: seed, name: name)) { words in
            // 1 - u lies in (0, 1], where the logarithm is finite.
            let (u0, u1) = (1 - Philox.unit(words[0]), Philox.unit(words[1]))
            let (u2, u3) = (1 - Philox.unit(words[2]), Philox.unit(words[3]))
            let (r0, r1) = ((-2 * logf(u0)).squareRoot(), (-2 * logf(u2)).squareRoot())
            let (a0, a1) = (2 * Float.pi * u1, 2 * Float.pi * u3)
            return SIMD4(r0 * cosf(a0), r0 * sinf(a0), r1 * cosf(a1), r1 * sinf(a1)) * standardDeviation + mean
        }
    }

    /// Uniform numbers in `[low, high)`.
    package static func uniform(_ shape: [Int], from low: Float, to high: Float, seed: UInt64, name: String) -> Tensor {
        uniform(shape, from: low, to: high, generator: Philox(seed: seed, name: name))
    }

    /// Uniform numbers in `[low, high)` from a given stream.
    package static func uniform(_ shape: [Int], from low: Float, to high: Float, generator: Philox) -> Tensor {
        filled(shape, generator) { words in
            SIMD4(
                Philox.unit(words[0]), Philox.unit(words[1]), Philox.unit(words[2]), Philox.unit(words[3]))
                * (high - low) + low
        }
    }

    /// Kaiming-uniform with a = sqrt(5): U(-1/sqrt(inputs), 1/sqrt(inputs)), where inputs is the last dimension.
    package static func kaimingUniform(_ shape: [Int], seed: UInt64, name: String) -> Tensor {
        let bound = 1 / Float(max(1, shape.last ?? 1)).squareRoot()
        return uniform(shape, from: -bound, to: bound, seed: seed, name: name)
    }

    private static func filled(
        _ shape: [Int], _ generator: Philox, _ make: (SIMD4<UInt32>) -> SIMD4<Float>
    ) -> Tensor {
        let result = Tensor(uninitialized: shape)
        let (count, pointer) = (result.count, result.pointer)
        ComputePool.shared.forEachBlock((count + 3) / 4, atMost: 1 << 14) { blocks in
            for block in blocks {
                let values = make(generator.block(UInt32(truncatingIfNeeded: block)))
                for lane in 0..<min(4, count - block * 4) { pointer[block * 4 + lane] = values[lane] }
            }
        }
        return result
    }
}
