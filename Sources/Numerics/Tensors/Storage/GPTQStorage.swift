import CKernels

/// Weights as GPTQ stores them: 2, 3, 4 or 8 bits, the codes of an output's inputs being a stream of bits.
package enum GPTQStorage {
    package static let bits = [2, 3, 4, 8]

    /// How zero points are stored.
    package enum ZeroPoints: String, Sendable, CaseIterable {
        /// One less than they are, modulo the number of codes.
        case lessOne = "gptq"
        case asTheyAre = "gptq_v2"
    }

    /// - Parameter groups: the group of each input, whole numbers of 32 bits; nil where groups are `groupSize` neighbours
    /// - Throws: `GroupedCodeError`
    package static func storage(
        _ tensors: GroupedCodeTensors, groupSize: Int, groups: OwnedBytes?, zeroPoints: ZeroPoints
    ) throws -> any WeightStorage {
        guard bits.contains(tensors.bits) else {
            throw GroupedCodeError(tensors.name, .unsupportedBits(tensors.bits, supported: bits))
        }
        try tensors.check(
            codeWords: words(of: tensors.inputs, bits: tensors.bits) * tensors.outputs,
            zeroWords: words(of: tensors.outputs, bits: tensors.bits) * tensors.groupCount)
        return try CodedColumns(
            tensors, order: .alongInputs, zeros: zeros(tensors, zeroPoints),
            groups: groups.map { try self.groups($0, tensors) } ?? tensors.neighbours(groupSize: groupSize))
    }

    /// Words of 32 bits that `count` codes fill.
    package static func words(of count: Int, bits: Int) -> Int { (count * bits + 31) / 32 }

    private static func zeros(_ tensors: GroupedCodeTensors, _ zeroPoints: ZeroPoints) -> [Float] {
        let line = words(of: tensors.outputs, bits: tensors.bits)
        let mask = UInt32(1) << UInt32(tensors.bits) - 1
        return (0..<tensors.groupCount).flatMap { group in
            (0..<tensors.outputs).map { output in
                let bit = output * tensors.bits
                let (word, shift) = (group * line + bit / 32, UInt32(bit % 32))
                var code = tensors.zeros.word(word) >> shift
                if Int(shift) + tensors.bits > 32 { code |= tensors.zeros.word(word + 1) << (32 - shift) }
                return Float((zeroPoints == .lessOne ? code + 1 : code) & mask)
            }
        }
    }

    private static func groups(_ stored: OwnedBytes, _ tensors: GroupedCodeTensors) throws -> [Int32] {
        guard stored.bytes.count == 4 * tensors.inputs else {
            throw GroupedCodeError(
                tensors.name,
                .wrongSize(part: "group indices", expected: 4 * tensors.inputs, actual: stored.bytes.count))
        }
        return try (0..<tensors.inputs).map { input in
            let group = Int32(bitPattern: stored.word(input))
            guard group >= 0, Int(group) < tensors.groupCount else {
                throw GroupedCodeError(
                    tensors.name,
                    .groupOutOfRange(input: input, group: Int(group), groups: tensors.groupCount))
            }
            return group
        }
    }
}
