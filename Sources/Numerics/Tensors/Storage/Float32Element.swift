import CKernels
import Glibc

/// IEEE 754 single precision.
enum Float32Element: DenseElement {
    static let format = WeightFormat.float32
    static let byteCount = 4

    static func widen(_ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>) {
        memcpy(destination, source, count * byteCount)
    }

    static func narrow(_ source: UnsafePointer<Float>, _ count: Int, into destination: UnsafeMutableRawPointer) {
        memcpy(destination, source, count * byteCount)
    }

    static func multiply(
        _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ vectors: FewVectors,
        into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        kernel_matrix_vectors_f32(matrix, rows, columns, vectors.values, vectors.count, results, stride)
    }
}
