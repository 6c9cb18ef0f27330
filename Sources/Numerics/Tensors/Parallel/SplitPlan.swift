import CKernels

/// How one product is cut into tasks, by its sizes and the number of threads; no cut changes a bit.
///
/// A task packs the panels of its columns piece by piece along the depth, so that they stay in the second-level cache,
/// and multiplies each piece with all its rows.
struct SplitPlan {
    /// A piece of the depth: the part of one term that is packed and multiplied at a time.
    private struct Piece {
        let term: SplitTerm
        let depth: Range<Int>
        let blocks: Int

        init(_ term: SplitTerm, _ depth: Range<Int>) {
            self.term = term
            self.depth = depth
            blocks = Panels.roundedUp(depth.count) / Panels.edge
        }

        func panelCount(_ columns: Int) -> Int { Panels.count(columns, depth.count, parts: term.rightParts) }
    }

    let product: SplitProduct
    /// Pieces that are multiplied without leaving the tiles.
    private let passes: [[Piece]]
    private let width: Int
    private let height: Int
    private let rowBlocks: Int
    let tasks: Int
    private let panelFloats: Int
    private let scratchFloats: Int
    /// Memory of one task: its panels, and what the matrix needs to fill them.
    var taskFloats: Int { panelFloats + scratchFloats }

    // Deeper pieces leave no room in the cache for wide ones, shallower ones read the result too often.
    private static let depth = 1024
    /// Numbers of the panels of one task, 1 MiB.
    private static let panelNumbers = 1 << 19

    init(_ product: SplitProduct) {
        self.product = product
        passes = Self.passes(product.terms)
        let deepest = passes.map { $0.reduce(0) { $0 + $1.panelCount(Panels.edge) } }.max() ?? Panels.edge
        let grain = product.terms.reduce(Panels.edge) { $1.transposed ? $0 : Self.multiple($0, $1.right.columnGrain) }
        let widest = max(1, Self.panelNumbers / max(1, deepest)) * Panels.edge
        (width, height) = Self.cut(
            rows: product.rows, columns: product.columns, widest: widest, grain: grain,
            threads: Rehearsal.current?.threads ?? ComputePool.shared.threads)
        rowBlocks = (product.rows + height - 1) / height
        tasks = (product.columns + width - 1) / width * rowBlocks
        let most = min(width, Panels.roundedUp(product.columns))
        panelFloats = deepest / Panels.edge * most / 2
        scratchFloats =
            passes.joined().map { $0.term.right.scratch($0.depth.count * min(most, product.columns)) }.max() ?? 0
    }

    /// The least common multiple.
    private static func multiple(_ a: Int, _ b: Int) -> Int {
        var (x, y) = (a, b)
        while y != 0 { (x, y) = (y, x % y) }
        return a / x * b
    }

    /// Cuts each term's depth evenly; a short term, such as an adapter's, joins the last piece before it.
    private static func passes(_ terms: [SplitTerm]) -> [[Piece]] {
        var passes: [[Piece]] = []
        for term in terms {
            let count = term.left.depth
            let grain = term.transposed ? multiple(Panels.edge, term.right.columnGrain) : Panels.edge
            let pieces = max(1, (count + depth - 1) / depth)
            let size = ((count + pieces - 1) / pieces + grain - 1) / grain * grain
            // A depth of 0 has one empty piece, which gives the start.
            for start in stride(from: 0, to: max(1, count), by: max(1, size)) {
                let piece = Piece(term, start..<min(count, start + size))
                if start == 0, count <= depth / 8, !passes.isEmpty {
                    passes[passes.count - 1].append(piece)
                } else {
                    passes.append([piece])
                }
            }
        }
        return passes
    }

    /// Blocks of columns as wide as the cache allows, as many for every thread; where columns are few, rows are cut too.
    ///
    /// Rows are read again for every block of columns, and columns packed again for every block of rows.
    private static func cut(
        rows: Int, columns: Int, widest: Int, grain: Int, threads: Int
    ) -> (width: Int, height: Int) {
        let needed = (columns + min(512, widest) - 1) / min(512, widest)
        let shared = (needed + threads - 1) / threads * threads
        let blocks = max(needed, min(shared, columns / leastWidth), 1)
        let width = max(grain, ((columns + blocks - 1) / blocks + grain - 1) / grain * grain)
        let columnBlocks = max(1, (columns + width - 1) / width)
        let lowest = max(128, min(512, 4 * columns))
        let rowBlocks = max(1, min(threads / columnBlocks, rows / lowest))
        return (width, max(Panels.edge, Panels.roundedUp((rows + rowBlocks - 1) / rowBlocks)))
    }

    private static let leastWidth = 64

    /// Floating-point operations, those with the smaller parts included.
    var operations: Double {
        product.terms.reduce(0) {
            $0 + 2 * Double(product.rows) * Double(product.columns) * Double($1.left.depth) * Double($1.pairs)
        }
    }

    func run(_ task: Int) {
        let top = task % rowBlocks * height, first = task / rowBlocks * width
        let rows = top..<min(product.rows, top + height)
        let columns = first..<min(product.columns, first + width)
        let result = product.result + (top * product.stride + first)
        var (start, startStride): (UnsafePointer<Float>?, Int) =
            switch product.start {
            case .zeros: (nil, 0)
            case .result: (UnsafePointer(result), product.stride)
            case .line(let line): (line + first, 0)
            }
        Storage.scratch(taskFloats) { memory in
            for pass in passes {
                let terms = pack(pass, rows: rows, columns: columns, into: memory)
                kernel_panel_product(
                    terms, terms.count, rows.count, columns.count, start, startStride, result, product.stride)
                (start, startStride) = (UnsafePointer(result), product.stride)
            }
        }
    }

    /// Packs the columns' panels of each piece and pairs them with the rows' panels.
    private func pack(
        _ pass: [Piece], rows: Range<Int>, columns: Range<Int>, into memory: UnsafeMutablePointer<Float>
    ) -> [kernel_panel_term] {
        var place = UnsafeMutableRawPointer(memory)
        return pass.map { piece in
            let term = piece.term
            term.right.pack(
                rows: term.transposed ? columns : piece.depth, columns: term.transposed ? piece.depth : columns,
                transposed: term.transposed, term.precision, scratch: memory + panelFloats, into: place)
            defer { place += piece.panelCount(columns.count) * MemoryLayout<UInt16>.stride }
            return kernel_panel_term(
                left: term.left.panel(rows.lowerBound / Panels.edge, block: piece.depth.lowerBound / Panels.edge),
                left_stride: term.left.stride, left_parts: term.left.parts, right: place,
                right_stride: piece.panelCount(Panels.edge), right_parts: term.rightParts, depth_blocks: piece.blocks,
                order: term.precision.parts)
        }
    }
}
