import CKernels

/// ggml's Q8_0: 32 numbers of 8 bits and a half-precision scale.
enum Q8Block: CodeBlock {
    static let count = 32
    static let byteCount = 34

    static func widen(_ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>) {
        kernel_widen_q8_0(source, destination, count)
    }

    static func narrow(_ source: UnsafePointer<Float>, _ count: Int, into destination: UnsafeMutableRawPointer) {
        kernel_narrow_q8_0(source, destination, count)
    }

    static func multiply(
        _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ vectors: FewVectors,
        into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        kernel_matrix_vectors_q8_0(matrix, rows, columns, vectors.values, vectors.count, results, stride)
    }
}
