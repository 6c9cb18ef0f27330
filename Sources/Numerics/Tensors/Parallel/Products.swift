/// Matrix products cut into tasks for the pool. The cut depends on the sizes only, and no sum crosses a task.
enum Products {
    /// Longest piece of the summed dimension in one widened panel.
    private static let depth = 896
    /// Up to this many rows a product is limited by reading the weight, so it is done as dot products.
    static let fewRows = 4

    /// Tiles of a result: wide, because OpenBLAS packs the other operand once for every tile.
    private struct Tiling {
        let width: Int
        let height: Int
        let rowBlocks: Int
        let tasks: Int

        /// Cuts the columns into a multiple of four blocks, and the rows too while there are fewer than eight tiles.
        ///
        /// A large weight is read again for every row block, so its row blocks stay high.
        ///
        /// - Parameter grain: columns are cut at multiples of this
        init(rows: Int, columns: Int, weightCount: Int, grain: Int = 1) {
            let least = weightCount < 1 << 18 ? 64 : 384
            let blocks = ((columns + 511) / 512 + 3) / 4 * 4
            width = (max(128, Tiling.sixteens(columns, blocks)) + grain - 1) / grain * grain
            let columnBlocks = max(1, (columns + width - 1) / width)
            let pieces = max(1, 8 / columnBlocks)
            height = pieces == 1 ? max(1, rows) : max(least, Tiling.sixteens(rows, pieces))
            rowBlocks = (rows + height - 1) / height
            tasks = columns == 0 ? 0 : columnBlocks * rowBlocks
        }

        private static func sixteens(_ count: Int, _ pieces: Int) -> Int {
            ((count + pieces - 1) / pieces + 15) / 16 * 16
        }

        func rows(_ task: Int, of count: Int) -> Range<Int> {
            let start = task % rowBlocks * height
            return start..<min(count, start + height)
        }

        func columns(_ task: Int, of count: Int) -> Range<Int> {
            let start = task / rowBlocks * width
            return start..<min(count, start + width)
        }
    }

    /// Tells a rehearsal of a product of `m * n * k` and of the panel that each of its tasks widens into.
    private static func rehearse(m: Int, n: Int, k: Int, panel: Int = 0, _ tasks: Int = 1) {
        Rehearsal.current?.note(operations: 2 * Double(m) * Double(n) * Double(k), scratch: panel, tasks: tasks)
    }

    private static func blockSize(_ count: Int) -> Int {
        let blocks = ((count + 255) / 256 + 7) / 8 * 8
        return max(64, ((count + blocks - 1) / blocks + 15) / 16 * 16)
    }

    /// The summed dimension in even pieces of about `depth`, at multiples of what a storage can be cut at.
    private static func depthBlock(_ count: Int, grain: Int = 1) -> Int {
        let blocks = max(1, (count + depth - 1) / depth)
        let piece = max(1, ((count + blocks - 1) / blocks + 15) / 16 * 16)
        return (piece + grain - 1) / grain * grain
    }

    /// `y(m, n) = x(m, k) * w(n, k)^T + bias`.
    static func forward(
        _ x: UnsafePointer<Float>, m: Int, _ w: StoredMatrix, bias: UnsafePointer<Float>? = nil,
        into y: UnsafeMutablePointer<Float>
    ) throws {
        let blas = try BLAS.load()
        let (n, k) = (w.rows, w.columns)
        if m <= fewRows, w.update == nil {
            rehearse(m: m, n: n, k: k)
            fewRowForward(x, m: m, w, bias: bias, into: y)
            return
        }
        let tiling = Tiling(rows: m, columns: n, weightCount: n * k)
        let deep = depthBlock(k, grain: w.storage.columnGrain)
        rehearse(m: m, n: n, k: k, panel: w.floats == nil ? min(tiling.width, n) * min(deep, k) : 0, tiling.tasks)
        ComputePool.shared.run(tiling.tasks) { task in
            let (rows, columns) = (tiling.rows(task, of: m), tiling.columns(task, of: n))
            let target = y + (rows.lowerBound * n + columns.lowerBound)
            var beta: Float = 0
            if let bias {
                for row in 0..<rows.count {
                    (target + row * n).update(from: bias + columns.lowerBound, count: columns.count)
                }
                beta = 1
            }
            if let floats = w.floats {
                blas.multiply(
                    .no, .yes, m: rows.count, n: columns.count, k: k, x + rows.lowerBound * k, stride: k,
                    floats + columns.lowerBound * k, stride: k, beta: beta, target, stride: n)
                return
            }
            Storage.scratch(columns.count * min(deep, k)) { panel in
                for start in stride(from: 0, to: k, by: deep) {
                    let inputs = start..<min(k, start + deep)
                    w.widen(rows: columns, columns: inputs, into: panel, blas)
                    blas.multiply(
                        .no, .yes, m: rows.count, n: columns.count, k: inputs.count, x + (rows.lowerBound * k + start),
                        stride: k, panel, stride: inputs.count, beta: beta, target, stride: n)
                    beta = 1
                }
            }
        }
    }

    private static func fewRowForward(
        _ x: UnsafePointer<Float>, m: Int, _ w: StoredMatrix, bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>
    ) {
        let (n, k) = (w.rows, w.columns)
        ComputePool.shared.forEachBlock(n, atMost: max(16, (1 << 17) / max(1, k))) { outputs in
            let target = y + outputs.lowerBound
            w.storage.multiply(FewVectors(x, count: m), rows: outputs, into: target, stride: n)
            guard let bias else { return }
            for row in 0..<m { Loops.add(target + row * n, bias + outputs.lowerBound, target + row * n, outputs.count) }
        }
    }

    /// `dx(m, k) = dy(m, n) * w(n, k)`, or added to `dx` when `adding`.
    static func inputGradient(
        _ dy: UnsafePointer<Float>, m: Int, _ w: StoredMatrix, adding: Bool, into dx: UnsafeMutablePointer<Float>
    ) throws {
        let blas = try BLAS.load()
        let (n, k) = (w.rows, w.columns)
        let tiling = Tiling(rows: m, columns: k, weightCount: n * k, grain: w.storage.columnGrain)
        let deep = depthBlock(n)
        rehearse(m: m, n: n, k: k, panel: w.floats == nil ? min(tiling.width, k) * min(deep, n) : 0, tiling.tasks)
        ComputePool.shared.run(tiling.tasks) { task in
            let (rows, columns) = (tiling.rows(task, of: m), tiling.columns(task, of: k))
            let target = dx + (rows.lowerBound * k + columns.lowerBound)
            var beta: Float = adding ? 1 : 0
            if let floats = w.floats {
                blas.multiply(
                    .no, .no, m: rows.count, n: columns.count, k: n, dy + rows.lowerBound * n, stride: n,
                    floats + columns.lowerBound, stride: k, beta: beta, target, stride: k)
                return
            }
            Storage.scratch(columns.count * min(deep, n)) { panel in
                for start in stride(from: 0, to: n, by: deep) {
                    let outputs = start..<min(n, start + deep)
                    w.widen(rows: outputs, columns: columns, into: panel, blas)
                    blas.multiply(
                        .no, .no, m: rows.count, n: columns.count, k: outputs.count, dy + (rows.lowerBound * n + start),
                        stride: n, panel, stride: columns.count, beta: beta, target, stride: k)
                    beta = 1
                }
            }
        }
    }

    /// `result(n, k) += alpha * dy(m, n)^T * x(m, k)`; also the two gradients of a low-rank pair.
    static func addTransposedProduct(
        _ dy: UnsafePointer<Float>, m: Int, n: Int, _ x: UnsafePointer<Float>, k: Int, alpha: Float = 1,
        into result: UnsafeMutablePointer<Float>
    ) throws {
        if min(n, k) <= OuterProducts.mostRanks {
            let isNarrow = k < n
            OuterProducts.add(
                isNarrow ? x : dy, ranks: min(n, k), isNarrow ? dy : x, columns: max(n, k), rows: m, times: alpha,
                transposed: isNarrow, to: result)
            return
        }
        let blas = try BLAS.load()
        rehearse(m: m, n: n, k: k)
        // The longer side of the result is cut, so that a low-rank factor is cut as well.
        if n >= k {
            let height = blockSize(n)
            ComputePool.shared.forEachBlock(n, atMost: height) { rows in
                blas.multiply(
                    .yes, .no, m: rows.count, n: k, k: m, alpha: alpha, dy + rows.lowerBound, stride: n, x, stride: k,
                    beta: 1, result + rows.lowerBound * k, stride: k)
            }
        } else {
            let width = blockSize(k)
            ComputePool.shared.forEachBlock(k, atMost: width) { columns in
                blas.multiply(
                    .yes, .no, m: n, n: columns.count, k: m, alpha: alpha, dy, stride: n, x + columns.lowerBound,
                    stride: k, beta: 1, result + columns.lowerBound, stride: k)
            }
        }
    }

    /// `result(m, n) = alpha * left(m, k) * op(right) + beta * result`, cut over the rows of `left`.
    static func rowwise(
        _ left: UnsafePointer<Float>, m: Int, k: Int, _ right: UnsafePointer<Float>, n: Int,
        transposed: Bool, alpha: Float = 1, beta: Float = 0, into result: UnsafeMutablePointer<Float>
    ) throws {
        let blas = try BLAS.load()
        rehearse(m: m, n: n, k: k)
        let height = max(16, ((m + 7) / 8 + 15) / 16 * 16)
        ComputePool.shared.forEachBlock(m, atMost: height) { rows in
            blas.multiply(
                .no, transposed ? .yes : .no, m: rows.count, n: n, k: k, alpha: alpha, left + rows.lowerBound * k,
                stride: k, right, stride: transposed ? k : n, beta: beta, result + rows.lowerBound * n, stride: n)
        }
    }

    /// `result[column] += sum over rows`, rows in order.
    static func addColumnSums(_ matrix: UnsafePointer<Float>, m: Int, n: Int, to result: UnsafeMutablePointer<Float>) {
        ComputePool.shared.forEachBlock(n, atMost: 256) { columns in
            for row in 0..<m {
                let at = result + columns.lowerBound
                Loops.add(at, matrix + (row * n + columns.lowerBound), at, columns.count)
            }
        }
    }
}
