import CKernels

/// Codes of four bits with a scale for 64 neighbours of the row-major matrix, as bitsandbytes stores them.
struct FourBitStorage: WeightStorage, @unchecked Sendable {
    // Sendable because the bytes are read-only for the life of the owner.
    let shape: [Int]
    let byteCount: Int
    private let codes: FourBitCodes
    private let bytes: UnsafeRawPointer
    private let owner: AnyObject
    private let scales: BlockScales

    /// - Parameter owner: keeps `bytes` readable, one for every two numbers
    init(shape: [Int], _ codes: FourBitCodes, bytes: UnsafeRawPointer, owner: AnyObject, scales: BlockScales) {
        self.shape = shape
        self.codes = codes
        self.bytes = bytes
        self.owner = owner
        self.scales = scales
        byteCount = (shape.reduce(1, *) + 1) / 2 + scales.byteCount
    }

    /// Blocks that hold the numbers of a range.
    private func blocks(_ numbers: Range<Int>) -> Range<Int> {
        let size = FourBitCodes.blockSize
        return numbers.lowerBound / size..<max(numbers.lowerBound / size, (numbers.upperBound + size - 1) / size)
    }

    private func widen(_ numbers: Range<Int>, into result: UnsafeMutablePointer<Float>) {
        scales.with(blocks(numbers)) { scales in
            kernel_widen_codes4(bytes, numbers.lowerBound, numbers.count, codes.numbers, scales, result)
        }
    }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        if range.count == columns {
            return widen(rows.lowerBound * columns..<rows.upperBound * columns, into: panel)
        }
        for (index, row) in rows.enumerated() {
            let start = row * columns
            widen(start + range.lowerBound..<start + range.upperBound, into: panel + index * range.count)
        }
    }

    func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        // Rows share blocks where a row is not made of whole ones.
        guard columns.isMultiple(of: FourBitCodes.blockSize) else {
            return multiplyWidened(vectors, rows: rows, into: results, stride: stride)
        }
        let first = rows.lowerBound * columns
        scales.with(blocks(first..<rows.upperBound * columns)) { scales in
            kernel_matrix_vectors_codes4(
                bytes + first / 2, codes.numbers, scales, rows.count, columns, vectors.values, vectors.count, results,
                stride)
        }
    }
}

/// `quantization_bit: 4` with bitsandbytes.
package struct FourBitQuantizer: WeightQuantizer {
    private let codes: FourBitCodes
    private let quantizesScales: Bool

    /// - Parameter quantizesScales: double quantization
    package init(_ codes: FourBitCodes, quantizesScales: Bool) {
        self.codes = codes
        self.quantizesScales = quantizesScales
    }

    package func quantized(_ weight: Weight, file: String) throws -> any WeightStorage {
        let size = FourBitCodes.blockSize
        let bytes = ByteTensor(uninitialized: [(weight.count + 1) / 2])
        let scales = Tensor(uninitialized: [(weight.count + size - 1) / size])
        weight.forEachPiece(grain: size) { rows, numbers in
            let first = rows.lowerBound * weight.columns
            kernel_narrow_codes4(
                numbers, rows.count * weight.columns, codes.thresholds, codes.order, bytes.pointer + first / 2,
                scales.pointer + first / size)
        }
        if !Rehearsal.isActive, (0..<scales.count).contains(where: { !scales.pointer[$0].isFinite }) {
            try weight.requireFinite(in: file)
        }
        return FourBitStorage(
            shape: weight.shape, codes, bytes: bytes.pointer, owner: bytes,
            scales: quantizesScales
                ? BlockScales.nested(scales) : BlockScales(scales.pointer, count: scales.count, owner: scales))
    }
}
