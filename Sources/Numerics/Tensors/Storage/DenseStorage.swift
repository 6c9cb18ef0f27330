/// A type of number whose elements stand for themselves: how it is read, written and multiplied.
protocol DenseElement: Sendable {
    static var format: WeightFormat { get }
    static var byteCount: Int { get }
    static func widen(_ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>)
    /// Rounds to nearest even.
    static func narrow(_ source: UnsafePointer<Float>, _ count: Int, into destination: UnsafeMutableRawPointer)
    /// `results[v * stride + r] = vectors[v] . row(r)` for consecutive rows.
    static func multiply(
        _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ vectors: FewVectors,
        into results: UnsafeMutablePointer<Float>, stride: Int)
}

/// Elements of one type in row-major order, in a mapped file or in memory.
struct DenseStorage<Element: DenseElement>: WeightStorage, @unchecked Sendable {
    // Sendable because the bytes are read-only for the life of the owner.
    let shape: [Int]
    let byteCount: Int
    private let bytes: UnsafeRawPointer
    private let owner: AnyObject

    /// - Parameter owner: keeps `bytes` readable, `shape`'s product of elements of them
    init(shape: [Int], bytes: UnsafeRawPointer, owner: AnyObject) {
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
        byteCount = shape.reduce(Element.byteCount, *)
    }

    var dense: DenseElements? { DenseElements(format: Element.format, bytes: bytes) }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        let width = range.count
        if width == columns {
            Element.widen(bytes + rows.lowerBound * width * Element.byteCount, rows.count * width, into: panel)
            return
        }
        for (index, row) in rows.enumerated() {
            Element.widen(
                bytes + (row * columns + range.lowerBound) * Element.byteCount, width, into: panel + index * width)
        }
    }

    func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        Element.multiply(
            bytes + rows.lowerBound * columns * Element.byteCount, rows: rows.count, columns: columns, vectors,
            into: results, stride: stride)
    }
}

extension DenseElement {
    static func storage(shape: [Int], bytes: UnsafeRawPointer, owner: AnyObject) -> any WeightStorage {
        DenseStorage<Self>(shape: shape, bytes: bytes, owner: owner)
    }
}
