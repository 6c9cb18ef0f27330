/// How the numbers of a frozen tensor lie in memory and are read; one file per format.
///
/// The tensor is seen as a matrix of `rows` by `columns`, the last dimension being the columns. Whoever multiplies
/// chooses how to read; a storage only says what it can give. Nothing ever writes through one.
package protocol WeightStorage: Sendable {
    /// Dimensions of the numbers, however they are packed.
    var shape: [Int] { get }
    /// Bytes held or mapped.
    var byteCount: Int { get }
    /// Panels begin and end at multiples of this column, or at the last one; 1 where any column will do.
    var columnGrain: Int { get }
    /// The elements where each number stands for itself, in row-major order; nil where numbers are packed in groups.
    var dense: DenseElements? { get }

    /// How a layer's input is rounded where nothing is learnt; nil where it is taken as it is.
    var inputRounding: InputRounding? { get }

    /// Writes the panel `rows` x `columns` densely, as float32.
    func widen(rows: Range<Int>, columns: Range<Int>, into panel: UnsafeMutablePointer<Float>)

    /// `results[v * stride + r] = vectors[v] . row(rows.lowerBound + r)`.
    func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int)
}

extension WeightStorage {
    package var columns: Int { shape.last ?? 1 }
    package var rows: Int { shape.dropLast().reduce(1, *) }
    package var columnGrain: Int { 1 }
    package var dense: DenseElements? { nil }
    package var inputRounding: InputRounding? { nil }

    package func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        multiplyWidened(vectors, rows: rows, into: results, stride: stride)
    }

    /// Widens a few rows at a time and multiplies; for formats and sizes without a kernel of their own.
    func multiplyWidened(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let (width, block) = (columns, 8)
        Storage.scratch(block * width) { panel in
            for start in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
                let some = start..<min(rows.upperBound, start + block)
                widen(rows: some, columns: 0..<width, into: panel)
                Float32Element.multiply(
                    UnsafeRawPointer(panel), rows: some.count, columns: width, vectors,
                    into: results + (start - rows.lowerBound), stride: stride)
            }
        }
    }
}

/// A few vectors of as many numbers as a matrix has columns, one behind the other.
package struct FewVectors {
    let values: UnsafePointer<Float>
    package let count: Int

    init(_ values: UnsafePointer<Float>, count: Int) {
        self.values = values
        self.count = count
    }
}

/// Elements in row-major order and their type.
package struct DenseElements {
    package let format: WeightFormat
    let bytes: UnsafeRawPointer
}
