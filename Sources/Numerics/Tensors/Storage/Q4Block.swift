import CKernels

/// ggml's Q4_0: 32 numbers of 4 bits and a half-precision scale.
enum Q4Block: CodeBlock {
    static let count = 32
    static let byteCount = 18

    static func widen(_ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>) {
        kernel_widen_q4_0(source, destination, count)
    }

    static func narrow(_ source: UnsafePointer<Float>, _ count: Int, into destination: UnsafeMutableRawPointer) {
        kernel_narrow_q4_0(source, destination, count)
    }

    static func multiply(
        _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ vectors: FewVectors,
        into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        kernel_matrix_vectors_q4_0(matrix, rows, columns, vectors.values, vectors.count, results, stride)
    }
}
