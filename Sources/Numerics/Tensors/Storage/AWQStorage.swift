import CKernels

/// Weights as AWQ stores them in its `gemm` layout: 4 bits, a word holding eight outputs of one input.
package enum AWQStorage {
    package static let bits = 4
    /// Outputs of a word.
    package static let outputsOfWord = 8
    /// The output that each four bits of a word belong to, lowest first.
    private static let order = [0, 2, 4, 6, 1, 3, 5, 7]

    /// - Throws: `GroupedCodeError`
    package static func storage(_ tensors: GroupedCodeTensors, groupSize: Int) throws -> any WeightStorage {
        guard tensors.bits == bits else {
            throw GroupedCodeError(tensors.name, .unsupportedBits(tensors.bits, supported: [bits]))
        }
        let line = tensors.outputs / outputsOfWord
        guard tensors.outputs.isMultiple(of: outputsOfWord) else {
            throw GroupedCodeError(
                tensors.name, .wrongSize(part: "codes", expected: tensors.outputs / 2, actual: 4 * line))
        }
        try tensors.check(codeWords: tensors.inputs * line, zeroWords: tensors.groupCount * line)
        return try CodedColumns(
            tensors, order: .alongOutputs, zeros: zeros(tensors, line),
            groups: tensors.neighbours(groupSize: groupSize))
    }

    private static func zeros(_ tensors: GroupedCodeTensors, _ line: Int) -> [Float] {
        var zeros = [Float](repeating: 0, count: tensors.groupCount * tensors.outputs)
        for index in 0..<tensors.groupCount * line {
            let word = tensors.zeros.word(index)
            for (place, output) in order.enumerated() {
                zeros[index * outputsOfWord + output] = Float(word >> UInt32(4 * place) & 15)
            }
        }
        return zeros
    }
}
