import CKernels

/// Signed bytes with a scale for each row.
struct SignedByteStorage: WeightStorage, @unchecked Sendable {
    // Sendable because the bytes are read-only for the life of the owners.
    let shape: [Int]
    let inputRounding: InputRounding?
    private let bytes: UnsafeRawPointer
    /// `(rows)`
    private let scales: UnsafePointer<Float>
    private let owners: [AnyObject]

    /// - Parameter owners: keep `bytes` readable, one for each number, and `scales`
    init(
        shape: [Int], bytes: UnsafeRawPointer, scales: UnsafePointer<Float>, owners: [AnyObject],
        inputRounding: InputRounding? = nil
    ) {
        self.shape = shape
        self.bytes = bytes
        self.scales = scales
        self.owners = owners
        self.inputRounding = inputRounding
    }

    var byteCount: Int { rows * (columns + 4) }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        for (index, row) in rows.enumerated() {
            kernel_widen_i8(
                bytes + row * columns + range.lowerBound, scales[row], panel + index * range.count, range.count)
        }
    }

    func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        kernel_matrix_vectors_i8(
            bytes + rows.lowerBound * columns, rows.count, columns, vectors.values, vectors.count, results, stride)
        for vector in 0..<vectors.count {
            for (index, row) in rows.enumerated() { results[vector * stride + index] *= scales[row] }
        }
    }
}

/// `quantization_bit: 8` with bitsandbytes: LLM.int8 (Dettmers et al., 2022).
package struct OutlierQuantizer: WeightQuantizer {
    /// The largest code.
    static let codes: Float = 127
    /// From here on a number of an input is an outlier.
    package static let threshold: Float = 6

    package init() {}

    package func quantized(_ weight: Weight, file: String) throws -> any WeightStorage {
        let bytes = ByteTensor(uninitialized: [weight.count])
        let scales = Tensor(uninitialized: [weight.rows])
        let codes = bytes.pointer.assumingMemoryBound(to: Int8.self)
        weight.forEachPiece { rows, numbers in
            HalfPrecision.round(numbers, rows.count * weight.columns)
            for (index, row) in rows.enumerated() {
                let line = numbers + index * weight.columns
                let largest = RowScale.largest(line, weight.columns)
                let factor = largest > 0 ? Self.codes / largest : 0
                scales.pointer[row] = largest / Self.codes
                guard largest.isFinite else { continue }
                for column in 0..<weight.columns {
                    codes[row * weight.columns + column] = Int8((line[column] * factor).rounded(.toNearestOrEven))
                }
            }
        }
        try RowScale.check(scales, of: weight, file: file)
        return SignedByteStorage(
            shape: weight.shape, bytes: bytes.pointer, scales: scales.pointer, owners: [bytes, scales],
            inputRounding: InputRounding(threshold: Self.threshold))
    }
}

/// `quantization_method: eetq`: the scale of a row is its largest magnitude divided by 128.
package struct EETQQuantizer: WeightQuantizer {
    package init() {}

    package func quantized(_ weight: Weight, file: String) throws -> any WeightStorage {
        let bytes = ByteTensor(uninitialized: [weight.count])
        let scales = Tensor(uninitialized: [weight.rows])
        let codes = bytes.pointer.assumingMemoryBound(to: Int8.self)
        weight.forEachPiece { rows, numbers in
            for (index, row) in rows.enumerated() {
                let line = numbers + index * weight.columns
                let scale = RowScale.largest(line, weight.columns) / 128
                scales.pointer[row] = WeightFormat.float16.rounded(scale)
                guard scale.isFinite else { continue }
                for column in 0..<weight.columns {
                    let code = scale > 0 ? (line[column] / scale).rounded(.toNearestOrAwayFromZero) : 0
                    codes[row * weight.columns + column] = Int8(min(127, max(-128, code)))
                }
            }
        }
        try RowScale.check(scales, of: weight, file: file)
        return SignedByteStorage(
            shape: weight.shape, bytes: bytes.pointer, scales: scales.pointer, owners: [bytes, scales])
    }
}

private enum RowScale {
    /// The largest magnitude; NaN where a number is none.
    static func largest(_ line: UnsafePointer<Float>, _ count: Int) -> Float {
        var (largest, nothing): (Float, Float) = (0, 0)
        for index in 0..<count {
            largest = max(largest, abs(line[index]))
            nothing += line[index] * 0
        }
        return nothing == 0 ? largest : .nan
    }

    /// - Throws: for a row without a finite scale
    static func check(_ scales: Tensor, of weight: Weight, file: String) throws {
        guard !Rehearsal.isActive else { return }
        for row in 0..<scales.count where !scales.pointer[row].isFinite {
            try weight.requireFinite(in: file)
            let value = Storage.scratch(weight.columns) { line in
                weight.storage.widen(rows: row..<row + 1, columns: 0..<weight.columns, into: line)
                return (0..<weight.columns).map { line[$0] }.max { abs($0) < abs($1) } ?? 0
            }
            throw QuantizationError.beyondHalfPrecision(name: weight.name, value: value, file: file)
        }
    }
}
