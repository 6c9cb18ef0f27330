import CKernels

/// Keys or values of packed sequences as right operands of products in bfloat16 parts, packed once for all query heads.
final class AttentionPanels: Sendable {
    /// What the rows of a head are in a product.
    enum Use {
        /// Its columns: `left * matrix^T`, as scores are made.
        case columns
        /// What is summed over: `left * matrix`, as values are added up.
        case depth
    }

    private let use: Use
    private let options: AttentionOptions
    private let keyCounts: [Int]
    private let parts: Int
    private let storage: Storage
    /// Where each sequence's panels begin, in numbers, and where the last ones end.
    private let starts: [Int]

    /// Packs `matrix(tokens, keyValueHeads * headSize)`.
    init(
        _ matrix: Tensor, as use: Use, layout: SequenceLayout, options: AttentionOptions, _ precision: MatmulPrecision
    ) {
        let parts = precision.parts
        self.use = use
        self.options = options
        self.parts = parts
        keyCounts = layout.keyCounts
        starts = layout.keyCounts.reduce(into: [0]) {
            $0.append($0[$0.count - 1] + options.keyValueHeads * Panels.count($1, options.headSize, parts: parts))
        }
        storage = Storage(count: (starts.last ?? 0) / 2)
        let heads = options.keyValueHeads
        ComputePool.shared.run(layout.lengths.count * heads) { task in
            let (sequence, head) = (task / heads, task % heads)
            let source = matrix.pointer + (layout.offsets[sequence] * matrix.columns + head * options.headSize)
            let (count, target) = (keyCounts[sequence], panels(sequence: sequence, head: head))
            switch use {
            case .columns:
                kernel_right_panels_f32(source, matrix.columns, count, options.headSize, parts, target)
            case .depth:
                kernel_right_panels_transposed_f32(source, matrix.columns, options.headSize, count, parts, target)
            }
        }
    }

    private func panels(sequence: Int, head: Int) -> UnsafeMutableRawPointer {
        let size = Panels.count(keyCounts[sequence], options.headSize, parts: parts)
        return UnsafeMutableRawPointer(storage.floats)
            + (starts[sequence] + head * size) * MemoryLayout<UInt16>.stride
    }

    /// The keys from `first` on, a multiple of 32, of one head: the right side of a term.
    func side(sequence: Int, head: Int) -> (_ first: Int) -> PanelSide {
        let base = UnsafeRawPointer(panels(sequence: sequence, head: head))
        switch use {
        case .columns:
            let stride = Panels.count(Panels.edge, options.headSize, parts: parts)
            return { [parts] first in
                PanelSide(
                    base + first / Panels.edge * stride * MemoryLayout<UInt16>.stride, stride: stride, parts: parts)
            }
        case .depth:
            let stride = Panels.count(Panels.edge, keyCounts[sequence], parts: parts)
            let block = Panels.edge * Panels.edge * parts
            return { [parts] first in
                PanelSide(
                    base + first / Panels.edge * block * MemoryLayout<UInt16>.stride, stride: stride, parts: parts)
            }
        }
    }
}

/// One packed operand of a product within a task.
struct PanelSide {
    let panels: UnsafeRawPointer
    /// Numbers from one panel to the next.
    let stride: Int
    let parts: Int

    init(_ panels: UnsafeRawPointer, stride: Int, parts: Int) {
        self.panels = panels
        self.stride = stride
        self.parts = parts
    }

    /// `result(rows, columns) = self * right` over `depth` numbers, or added to what is there.
    func multiply(
        _ right: PanelSide, rows: Int, columns: Int, depth: Int, adding: Bool,
        into result: UnsafeMutablePointer<Float>, stride: Int
    ) {
        var term = kernel_panel_term(
            left: panels, left_stride: self.stride, left_parts: parts, right: right.panels, right_stride: right.stride,
            right_parts: right.parts, depth_blocks: Panels.roundedUp(depth) / Panels.edge, order: parts)
        kernel_panel_product(&term, 1, rows, columns, adding ? UnsafePointer(result) : nil, stride, result, stride)
    }

    enum Packing { case left, leftTransposed, right, rightTransposed }

    /// Packs a matrix into `memory`: as a left operand of so many rows or as a right one of so many columns.
    static func packed(
        _ source: UnsafePointer<Float>, stride: Int, _ packing: Packing, count: Int, depth: Int, parts: Int,
        into memory: UnsafeMutablePointer<Float>
    ) -> PanelSide {
        let target = UnsafeMutableRawPointer(memory)
        switch packing {
        case .left: kernel_left_panels_f32(source, stride, count, depth, parts, target)
        case .leftTransposed: kernel_left_panels_transposed_f32(source, stride, count, depth, parts, target)
        case .right: kernel_right_panels_f32(source, stride, count, depth, parts, target)
        case .rightTransposed: kernel_right_panels_transposed_f32(source, stride, count, depth, parts, target)
        }
        return PanelSide(target, stride: Panels.count(Panels.edge, depth, parts: parts), parts: parts)
    }

    /// Floats that the panels of a matrix take.
    static func floats(_ count: Int, _ depth: Int, parts: Int) -> Int { Panels.count(count, depth, parts: parts) / 2 }
}
