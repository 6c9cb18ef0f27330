/// Codes of 1 to 8 bits with a scale and a zero point for 64 numbers (half-quadratic quantization; Badri and Shaji, 2023).
///
/// The row-major numbers are seen as 64 lines; those below one another share a scale. Codes of several lines share a
/// byte, or a word of 32 bits with 3 bits each: those of the first lines in the highest bits.
struct HQQStorage: WeightStorage, @unchecked Sendable {
    // Sendable because nothing is written after the storage has been made.
    let shape: [Int]
    private let packing: HQQPacking
    private let codes: ByteTensor
    /// `(groups)`, what a code less the zero point is multiplied by
    private let scales: Tensor
    /// `(groups)`
    private let zeros: Tensor

    init(shape: [Int], packing: HQQPacking, codes: ByteTensor, scales: Tensor, zeros: Tensor) {
        self.shape = shape
        self.packing = packing
        self.codes = codes
        self.scales = scales
        self.zeros = zeros
    }

    var byteCount: Int { codes.count + scales.byteCount + zeros.byteCount }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        for (index, row) in rows.enumerated() {
            widen(
                row * columns + range.lowerBound..<row * columns + range.upperBound, into: panel + index * range.count)
        }
    }

    /// A range of the row-major numbers runs through the groups, once for each line that it crosses.
    private func widen(_ numbers: Range<Int>, into result: UnsafeMutablePointer<Float>) {
        let groups = scales.count
        var at = numbers.lowerBound
        while at < numbers.upperBound {
            let (line, group) = (at / groups, at % groups)
            let count = min(groups - group, numbers.upperBound - at)
            let target = result + (at - numbers.lowerBound)
            let (scale, zero) = (scales.pointer + group, zeros.pointer + group)
            let (first, shift) = packing.place(line: line, group: group, of: groups)
            let mask = packing.mask
            if packing.wordBytes == 4 {
                let words = codes.pointer.assumingMemoryBound(to: UInt32.self) + first
                for index in 0..<count {
                    target[index] = (Float(words[index] >> shift & mask) - zero[index]) * scale[index]
                }
            } else {
                let bytes = codes.pointer.assumingMemoryBound(to: UInt8.self) + first
                for index in 0..<count {
                    target[index] = (Float(UInt32(bytes[index]) >> shift & mask) - zero[index]) * scale[index]
                }
            }
            at += count
        }
    }
}

/// How codes of so many bits share words.
struct HQQPacking: Sendable {
    let bits: Int
    /// Numbers of a group, which are the lines.
    let lines: Int

    var mask: UInt32 { 1 << UInt32(bits) - 1 }
    /// Bytes of a word.
    var wordBytes: Int { bits == 3 ? 4 : 1 }
    /// Codes in a word.
    var codesInWord: Int { bits == 3 ? 10 : bits > 4 ? 1 : 8 / bits }
    /// Lines of words.
    var wordLines: Int { (lines + codesInWord - 1) / codesInWord }

    /// Position of the word that holds a code, and of the code in it.
    func place(line: Int, group: Int, of groups: Int) -> (word: Int, shift: UInt32) {
        (line % wordLines * groups + group, UInt32((codesInWord - 1 - line / wordLines) * bits))
    }
}
