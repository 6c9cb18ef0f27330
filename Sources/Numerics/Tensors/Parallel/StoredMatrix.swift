/// The pointers of one low-rank update `scaling * b(outputs, rank) * a(rank, inputs)`.
struct LowRankUpdate {
    let a: Tensor
    let b: Tensor
    let scaling: Float
    var rank: Int { a.rows }
}

/// A matrix `(rows, columns)` as it is stored, read in float32 panels.
struct StoredMatrix {
    let rows: Int
    let columns: Int
    let format: WeightFormat
    let bytes: UnsafeRawPointer
    private let owner: AnyObject
    /// Added to every panel while it is widened, so that the product sees the adapted weight.
    var update: LowRankUpdate?

    init(_ matrix: Matrix) {
        rows = matrix.rows
        columns = matrix.columns
        switch matrix {
        case .frozen(let weight):
            (format, bytes, owner) = (weight.format, weight.bytes, weight)
        case .trainable(let parameter):
            (format, bytes, owner) = (.float32, UnsafeRawPointer(parameter.value.pointer), parameter.value)
        }
    }

    /// The numbers themselves when they are float32, aligned and without an update.
    var floats: UnsafePointer<Float>? {
        guard format == .float32, update == nil, Int(bitPattern: bytes) & 3 == 0 else { return nil }
        return bytes.assumingMemoryBound(to: Float.self)
    }

    /// Writes the panel `rows` x `columns` densely into `panel`.
    func widen(
        rows rowRange: Range<Int>, columns columnRange: Range<Int>, into panel: UnsafeMutablePointer<Float>,
        _ blas: BLAS
    ) {
        let width = columnRange.count
        if width == columns {
            Loops.widen(
                format, bytes + rowRange.lowerBound * columns * format.byteCount, rowRange.count * columns, into: panel)
        } else {
            for (index, row) in rowRange.enumerated() {
                Loops.widen(
                    format, bytes + (row * columns + columnRange.lowerBound) * format.byteCount, width,
                    into: panel + index * width)
            }
        }
        guard let update else { return }
        blas.multiply(
            .no, .no, m: rowRange.count, n: width, k: update.rank, alpha: update.scaling,
            update.b.pointer + rowRange.lowerBound * update.rank, stride: update.rank,
            update.a.pointer + columnRange.lowerBound, stride: columns, beta: 1, panel, stride: width)
    }
}
