/// Something that is added to panels of a matrix while they are widened.
protocol PanelUpdate: Sendable {
    func add(to panel: UnsafeMutablePointer<Float>, rows: Range<Int>, columns: Range<Int>, _ blas: BLAS)
}

/// A matrix `(rows, columns)` as it is stored, read in float32 panels.
struct StoredMatrix {
    let rows: Int
    let columns: Int
    let storage: any WeightStorage
    /// Added to every panel while it is widened, so that the product sees the adapted weight.
    let update: (any PanelUpdate)?

    init(_ matrix: Matrix, update: (any PanelUpdate)? = nil) {
        storage =
            switch matrix {
            case .frozen(let weight): weight.storage
            case .trainable(let parameter): Weight(name: parameter.name, tensor: parameter.value).storage
            }
        (rows, columns) = (storage.rows, storage.columns)
        self.update = update
    }

    /// The numbers themselves when they are float32, aligned and without an update.
    var floats: UnsafePointer<Float>? {
        guard update == nil, let dense = storage.dense, dense.format == .float32, Int(bitPattern: dense.bytes) & 3 == 0
        else { return nil }
        return dense.bytes.assumingMemoryBound(to: Float.self)
    }

    /// Writes the panel `rows` x `columns` densely into `panel`.
    func widen(
        rows rowRange: Range<Int>, columns columnRange: Range<Int>, into panel: UnsafeMutablePointer<Float>,
        _ blas: BLAS
    ) {
        storage.widen(rows: rowRange, columns: columnRange, into: panel)
        update?.add(to: panel, rows: rowRange, columns: columnRange, blas)
    }
}
