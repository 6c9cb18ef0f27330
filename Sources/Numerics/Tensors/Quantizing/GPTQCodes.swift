/// A layer's weight as GPTQ has quantized it: `scale * (code - zero)`.
package struct GPTQCodes: Equatable, Sendable {
    package let outputs: Int
    package let inputs: Int
    package let bits: Int
    package let groupCount: Int
    /// `(outputs, inputs)`
    package let codes: [UInt8]
    /// `(groups, outputs)`
    package let scales: [Float]
    /// `(groups, outputs)`
    package let zeros: [UInt8]
    /// The group of each input.
    package let groups: [Int32]

    /// The numbers, with the scales as they are stored or as they were found.
    package func widened(storedScales: Bool = true) -> Tensor {
        let result = Tensor(uninitialized: [outputs, inputs])
        let scales = storedScales ? scales.map { WeightFormat.float16.rounded($0) } : scales
        for output in 0..<outputs {
            for input in 0..<inputs {
                let place = Int(groups[input]) * outputs + output
                result[output * inputs + input] =
                    scales[place] * (Float(codes[output * inputs + input]) - Float(zeros[place]))
            }
        }
        return result
    }

    /// `qweight`: `(inputs * bits / 32, outputs)`
    package var codeWords: [UInt32] {
        let lines = GPTQStorage.words(of: inputs, bits: bits)
        var words = [UInt32](repeating: 0, count: lines * outputs)
        for input in 0..<inputs {
            let bit = input * bits
            for output in 0..<outputs {
                let code = UInt64(codes[output * inputs + input]) << UInt64(bit % 32)
                words[bit / 32 * outputs + output] |= UInt32(truncatingIfNeeded: code)
                if code >> 32 != 0 { words[(bit / 32 + 1) * outputs + output] |= UInt32(code >> 32) }
            }
        }
        return words
    }

    /// `qzeros`, one less than they are: `(groups, outputs * bits / 32)`
    package var zeroWords: [UInt32] {
        let line = GPTQStorage.words(of: outputs, bits: bits)
        var words = [UInt32](repeating: 0, count: line * groupCount)
        for group in 0..<groupCount {
            for output in 0..<outputs {
                let bit = output * bits
                let stored = (UInt32(zeros[group * outputs + output]) &- 1) & (1 << UInt32(bits) - 1)
                let zero = UInt64(stored) << UInt64(bit % 32)
                words[group * line + bit / 32] |= UInt32(truncatingIfNeeded: zero)
                if zero >> 32 != 0 { words[group * line + bit / 32 + 1] |= UInt32(zero >> 32) }
            }
        }
        return words
    }
}
