import Tensors

/// Sequences whose tokens attend within groups of a quarter of the longest row: half of the heads in groups that begin
/// with the sequence, half in groups shifted by half of one, so that neighbouring groups learn of each other
/// (S2-Attn of LongLoRA, arXiv 2309.12307).
///
/// The method shifts the first tokens around the end into the last group, where they would see tokens far behind them;
/// here those are a group of their own.
struct ShiftedGroups: AttentionContext {
    let layout: SequenceLayout
    private let plain: SequenceLayout
    private let shifted: SequenceLayout

    init(_ layout: SequenceLayout) throws {
        self.layout = layout
        // The reference pads rows to a multiple of 8.
        let longest = ((layout.lengths.max() ?? 0) + 7) / 8 * 8
        let group = max(1, longest / 4)
        plain = try layout.cut(first: group, size: group)
        shifted = try layout.cut(first: (group + 1) / 2, size: group)
    }

    func over(_ layout: SequenceLayout) throws -> ShiftedGroups { try ShiftedGroups(layout) }

    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions, on tape: Tape
    ) throws -> Variable {
        let half = options.heads / 2
        let parts = [(0..<half, plain), (half..<options.heads, shifted)].filter { !$0.0.isEmpty }
        return try tape.joinedColumns(
            parts.map { heads, layout in
                try attend(query, key, value, heads: heads, layout: layout, options: options, on: tape)
            })
    }

    /// Attention of some heads, each with keys and values of its own.
    private func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, heads: Range<Int>, layout: SequenceLayout,
        options: AttentionOptions, on tape: Tape
    ) throws -> Variable {
        let size = options.headSize
        let shared = heads.map { $0 / (options.heads / options.keyValueHeads) }
        var own = options
        (own.heads, own.keyValueHeads) = (heads.count, heads.count)
        return try tape.attention(
            tape.heads(Array(heads), of: query, headSize: size), tape.heads(shared, of: key, headSize: size),
            tape.heads(shared, of: value, headSize: size), layout: layout, options: own)
    }
}
