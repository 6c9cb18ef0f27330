import CKernels

/// Bytes that somebody keeps readable, such as a tensor of a mapped file.
package struct OwnedBytes: @unchecked Sendable {
    // Sendable because the bytes are read-only for the life of the owner.
    package let bytes: UnsafeRawBufferPointer
    package let owner: AnyObject

    package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        self.bytes = bytes
        self.owner = owner
    }

    /// The element `index` of whole numbers of 32 bits, little-endian.
    func word(_ index: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
    }
}

/// The tensors from which a linear layer's weight of small whole numbers is put together.
package struct GroupedCodeTensors: Sendable {
    /// The layer's name, for errors.
    package var name: String
    package var outputs: Int
    package var inputs: Int
    /// Bits of a code.
    package var bits: Int
    /// How many groups of inputs have a scale and a zero point of their own.
    package var groupCount: Int
    /// Words of 32 bits.
    package var codes: OwnedBytes
    /// `(groups, outputs)` in words of 32 bits
    package var zeros: OwnedBytes
    /// `(groups, outputs)` in half precision
    package var scales: OwnedBytes

    package init(
        name: String, outputs: Int, inputs: Int, bits: Int, groupCount: Int, codes: OwnedBytes, zeros: OwnedBytes,
        scales: OwnedBytes
    ) {
        self.name = name
        self.outputs = outputs
        self.inputs = inputs
        self.bits = bits
        self.groupCount = groupCount
        self.codes = codes
        self.zeros = zeros
        self.scales = scales
    }

    /// - Throws: `GroupedCodeError` for tensors of other sizes than these
    func check(codeWords: Int, zeroWords: Int) throws {
        for (part, expected, actual) in [
            ("codes", 4 * codeWords, codes.bytes.count), ("zeros", 4 * zeroWords, zeros.bytes.count),
            ("scales", 2 * groupCount * outputs, scales.bytes.count),
        ] where expected != actual {
            throw GroupedCodeError(name, .wrongSize(part: part, expected: expected, actual: actual))
        }
    }

    /// - Throws: `GroupedCodeError` for a scale that is infinite or not a number
    func widenedScales() throws -> [Float] {
        let count = groupCount * outputs
        let scales = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let source = self.scales.bytes.baseAddress, let base = buffer.baseAddress {
                kernel_widen_f16(source, base, count)
                initialized = count
            }
        }
        if let position = scales.firstIndex(where: { !$0.isFinite }) {
            throw GroupedCodeError(
                name,
                .notFiniteScale(
                    group: position / outputs, output: position % outputs, value: scales[position]))
        }
        return scales
    }

    /// The group of each input where groups are `groupSize` neighbours.
    func neighbours(groupSize: Int) -> [Int32] { (0..<inputs).map { Int32($0 / groupSize) } }
}

/// Why the tensors of a quantized linear layer do not make a weight.
package struct GroupedCodeError: Error, Equatable, CustomStringConvertible {
    package enum Problem: Equatable, Sendable {
        case noCodes
        case unsupportedBits(Int, supported: [Int])
        case wrongSize(part: String, expected: Int, actual: Int)
        case notFiniteScale(group: Int, output: Int, value: Float)
        case groupOutOfRange(input: Int, group: Int, groups: Int)
    }

    package var layer: String
    package var problem: Problem

    init(_ layer: String, _ problem: Problem) {
        self.layer = layer
        self.problem = problem
    }

    package var description: String {
        let what =
            switch problem {
            case .noCodes: "it has no outputs or no inputs"
            case .unsupportedBits(let bits, let supported):
                "codes of \(bits) bits are not known, only of " + supported.map(String.init).joined(separator: ", ")
            case .wrongSize(let part, let expected, let actual):
                "its \(part) should have \(expected) bytes, they have \(actual)"
            case .notFiniteScale(let group, let output, let value):
                "the scale of group \(group) for output \(output) is \(value); the file is damaged: get it anew"
            case .groupOutOfRange(let input, let group, let groups):
                "input \(input) is said to belong to group \(group), and there are \(groups); the file is damaged: "
                    + "get it anew"
            }
        return "the quantized weight of '\(layer)': \(what)"
    }
}
