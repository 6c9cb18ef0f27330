import CKernels

/// IEEE 754 half precision.
enum Float16Element: DenseElement {
    static let format = WeightFormat.float16
    static let byteCount = 2

    static func widen(_ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>) {
        kernel_widen_f16(source, destination, count)
    }

    static func narrow(_ source: UnsafePointer<Float>, _ count: Int, into destination: UnsafeMutableRawPointer) {
        kernel_narrow_f16(source, destination, count)
    }

    static func multiply(
        _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ vectors: FewVectors,
        into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        kernel_matrix_vectors_f16(matrix, rows, columns, vectors.values, vectors.count, results, stride)
    }
}
