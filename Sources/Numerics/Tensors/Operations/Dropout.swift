import CKernels

extension Tape {
    /// Zeroes elements with the given probability and scales the rest by `1 / (1 - probability)`, in training only.
    ///
    /// The mask is a function of the tape's randomness and `site`: computing it again gives the same one.
    package func dropout(_ x: Variable, probability: Float, site: UInt64) throws -> Variable {
        guard probability >= 0, probability < 1 else {
            throw TensorError.invalidArgument(
                operation: "dropout", name: "probability", value: "\(probability)",
                expected: "0 up to, not including, 1")
        }
        guard let randomness, probability > 0 else { return x }
        let generator = randomness.generator(site: site)
        let result = Tensor(uninitialized: x.shape)
        Dropout.apply(x.value, generator, probability, into: result)
        let slot = x.slot
        return record(result, needed: x.needsGradient) { tape, gradient in
            let masked = isKnownUniquelyReferenced(&gradient) ? gradient : Tensor(uninitialized: gradient.shape)
            Dropout.apply(gradient, generator, probability, into: masked)
            tape.accumulate(masked, into: slot)
        }
    }
}

package enum Dropout {
    /// Element `i` is kept when word `i` of the stream is at least `probability * 2^32`.
    static func apply(_ x: Tensor, _ generator: Philox, _ probability: Float, into result: Tensor) {
        let threshold = UInt32(min(Double(UInt32.max), Double(probability) * 0x1p32))
        let factor = 1 / (1 - probability)
        let words = kernel_philox(key: generator.key, stream: generator.stream)
        let (source, target) = (x.pointer, result.pointer)
        ComputePool.shared.forEachBlock(x.count, atMost: Elementwise.block) { range in
            let start = range.lowerBound
            withUnsafePointer(to: words) {
                kernel_dropout_f32($0, UInt64(start), source + start, threshold, factor, target + start, range.count)
            }
        }
    }

    /// The factors dropout multiplies by, for tests and for computing an adapter by hand.
    package static func mask(_ shape: [Int], randomness: RandomContext, site: UInt64, probability: Float) -> Tensor {
        let ones = Tensor(uninitialized: shape)
        ones.fill(1)
        apply(ones, randomness.generator(site: site), probability, into: ones)
        return ones
    }
}
