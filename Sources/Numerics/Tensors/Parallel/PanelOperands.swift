import CKernels

/// The left operand of split products, packed once for all products that have it.
///
/// Holds `parts` times half the bytes of the float32 matrix.
package final class LeftPanels: Sendable {
    let rows: Int
    /// Length of the dimension that products sum over.
    let depth: Int
    let parts: Int
    private let storage: Storage

    /// Packs `matrix(rows, depth)`, or `matrix(depth, rows)` when it is to be used transposed.
    ///
    /// - Parameter stride: distance of the matrix's lines
    package init(
        _ matrix: UnsafePointer<Float>, rows: Int, depth: Int, stride: Int, transposed: Bool = false,
        _ precision: MatmulPrecision
    ) {
        self.rows = rows
        self.depth = depth
        parts = precision.parts
        storage = Storage(count: Panels.count(rows, depth, parts: parts) / 2)
        let lines = transposed ? Self.transposedRowsInTask : Self.rowsInTask
        ComputePool.shared.forEachBlock(rows, atMost: lines) { rows in
            let target = panel(rows.lowerBound / Panels.edge)
            if transposed {
                kernel_left_panels_transposed_f32(matrix + rows.lowerBound, stride, rows.count, depth, parts, target)
            } else {
                kernel_left_panels_f32(matrix + rows.lowerBound * stride, stride, rows.count, depth, parts, target)
            }
        }
    }

    package convenience init(_ matrix: Tensor, _ precision: MatmulPrecision) {
        self.init(matrix.pointer, rows: matrix.rows, depth: matrix.columns, stride: matrix.columns, precision)
    }

    private static let rowsInTask = 32
    // A line of the source is read in pieces of this many numbers.
    private static let transposedRowsInTask = 256

    /// Numbers from one panel to the next.
    var stride: Int { Panels.count(Panels.edge, depth, parts: parts) }

    /// The panel of rows `32 * index` and following, from block `block` of its depth on.
    func panel(_ index: Int, block: Int = 0) -> UnsafeMutableRawPointer {
        let numbers = index * stride + block * Panels.edge * Panels.edge * parts
        return UnsafeMutableRawPointer(storage.floats) + numbers * MemoryLayout<UInt16>.stride
    }
}

/// The right operand of a split product: a stored matrix, read in panels of bfloat16 as tasks need them.
package struct RightMatrix {
    package enum Source {
        /// Rows of bfloat16 as they lie in memory.
        case bfloat16(UnsafeRawPointer)
        case float32(UnsafePointer<Float>)
        /// A format that can be written as bfloat16: fills in rows and columns, densely.
        case narrowed((_ rows: Range<Int>, _ columns: Range<Int>, _ panel: UnsafeMutablePointer<UInt16>) -> Void)
        /// A format that needs at most so many parts of bfloat16: fills in rows and columns as float32, densely.
        case widened(
            parts: Int, (_ rows: Range<Int>, _ columns: Range<Int>, _ panel: UnsafeMutablePointer<Float>) -> Void)
    }

    let rows: Int
    let columns: Int
    /// Distance of the rows in memory; for sources that have no rows there, `columns`.
    let stride: Int
    /// Pieces begin and end at multiples of this column, or at the last one.
    let columnGrain: Int
    let source: Source

    package init(_ source: Source, rows: Int, columns: Int, stride: Int? = nil, columnGrain: Int = 1) {
        self.source = source
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        self.columnGrain = columnGrain
    }

    /// A weight as it is stored: bfloat16 and float32 from where they lie, others by way of float32.
    package init(_ storage: any WeightStorage) {
        let dense = storage.dense
        let source: Source
        if let dense, dense.format == .bfloat16 {
            source = .bfloat16(dense.bytes)
        } else if let dense, dense.format == .float32, Int(bitPattern: dense.bytes) & 3 == 0 {
            source = .float32(dense.bytes.assumingMemoryBound(to: Float.self))
        } else {
            // Half precision has eleven bits, which two parts hold.
            source = .widened(parts: dense?.format == .float16 ? 2 : 3) { rows, columns, panel in
                storage.widen(rows: rows, columns: columns, into: panel)
            }
        }
        self.init(source, rows: storage.rows, columns: storage.columns, columnGrain: storage.columnGrain)
    }

    /// Parts that a product takes of it.
    func parts(_ precision: MatmulPrecision) -> Int {
        switch source {
        case .bfloat16, .narrowed: 1
        case .float32: precision.parts
        case .widened(let parts, _): min(parts, precision.parts)
        }
    }

    /// Floats that `pack` needs beside the panels for a piece of `count` numbers.
    func scratch(_ count: Int) -> Int {
        switch source {
        case .bfloat16, .float32: 0
        case .narrowed: (count + 1) / 2
        case .widened: count
        }
    }

    /// Packs rows and columns as panels, of the rows when the product is with the transposed matrix.
    func pack(
        rows lines: Range<Int>, columns range: Range<Int>, transposed: Bool, _ precision: MatmulPrecision,
        scratch: UnsafeMutablePointer<Float>, into panels: UnsafeMutableRawPointer
    ) {
        let start = lines.lowerBound * stride + range.lowerBound
        switch source {
        case .bfloat16(let bytes):
            Self.pack(
                bytes + start * MemoryLayout<UInt16>.stride, stride, lines.count, range.count, transposed, into: panels)
        case .float32(let floats):
            Self.pack(
                floats + start, stride, lines.count, range.count, transposed, parts(precision), into: panels)
        case .narrowed(let fill):
            let piece = UnsafeMutableRawPointer(scratch)
            fill(lines, range, piece.bindMemory(to: UInt16.self, capacity: lines.count * range.count))
            Self.pack(piece, range.count, lines.count, range.count, transposed, into: panels)
        case .widened(_, let fill):
            fill(lines, range, scratch)
            Self.pack(scratch, range.count, lines.count, range.count, transposed, parts(precision), into: panels)
        }
    }

    private static func pack(
        _ numbers: UnsafeRawPointer, _ stride: Int, _ rows: Int, _ columns: Int, _ transposed: Bool,
        into panels: UnsafeMutableRawPointer
    ) {
        if transposed {
            kernel_right_panels_bf16(numbers, stride, rows, columns, panels)
        } else {
            kernel_right_panels_transposed_bf16(numbers, stride, columns, rows, panels)
        }
    }

    private static func pack(
        _ numbers: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ columns: Int, _ transposed: Bool, _ parts: Int,
        into panels: UnsafeMutableRawPointer
    ) {
        if transposed {
            kernel_right_panels_f32(numbers, stride, rows, columns, parts, panels)
        } else {
            kernel_right_panels_transposed_f32(numbers, stride, columns, rows, parts, panels)
        }
    }
}

/// Sizes of packed operands; see "Products of bfloat16 parts" in CKernels.h.
enum Panels {
    /// Rows or columns of a panel, and numbers of its depth in a block.
    static let edge = 32

    /// Numbers in the panels of a matrix of `count` rows or columns.
    static func count(_ count: Int, _ depth: Int, parts: Int) -> Int {
        roundedUp(count) * roundedUp(depth) * parts
    }

    static func roundedUp(_ count: Int) -> Int { (count + edge - 1) / edge * edge }
}
