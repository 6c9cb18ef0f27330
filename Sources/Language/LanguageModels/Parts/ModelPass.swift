package import Tensors

/// One run of a model's blocks over some tokens: what they need beside their weights, and what they report.
package final class ModelPass {
    package let tape: Tape
    let positions: TokenPositions
    /// Tokens that reports leave out.
    let unreported: Set<Int>
    private let branches: LinearBranches?
    private let context: any AttentionContext
    /// What blocks said to the loss, in the order of the blocks.
    private(set) var reports: [Variable] = []

    init(
        on tape: Tape, positions: TokenPositions, branches: LinearBranches?, context: any AttentionContext
    ) {
        self.tape = tape
        self.positions = positions
        self.branches = branches
        self.context = context
        unreported = context.layout.unseenTokens
    }

    /// The same pass on another tape, with nothing reported yet.
    func moved(to tape: Tape) -> ModelPass {
        ModelPass(on: tape, positions: positions, branches: branches, context: context)
    }

    /// The sequences of the pass.
    var layout: SequenceLayout { context.layout }

    /// The pass as a block has it that only some tokens go through; they see each other alone.
    ///
    /// - Parameter rows: ascending
    func restricted(to rows: [Int]) throws -> ModelPass {
        let kept = TokenPositions(values: rows.map { positions.values[$0] }, longest: positions.longest)
        return ModelPass(
            on: tape, positions: kept, branches: branches, context: try context.over(layout.keeping(rows)))
    }

    /// The layer's result with the branch that this pass has for it.
    package func linear(_ x: Variable, _ layer: LinearLayer) throws -> Variable {
        try tape.linear(x, layer.projection(branches))
    }

    /// - Parameter layer: the block's number, by which caches are kept
    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions
    ) throws -> Variable {
        try context.attend(query, key, value, layer: layer, options: options, on: tape)
    }

    /// Hands a value to the loss, such as what a router chose; each block reports as many each time.
    func report(_ value: Variable) { reports.append(value) }
}

/// Where the tokens of a pass stand in their sequences.
struct TokenPositions {
    /// One number for each token.
    var values: [Int32]
    /// Tokens of the longest sequence, on which some rotations depend.
    var longest: Int
}

/// What queries meet: the keys of their own packed sequence, or those of a cache.
protocol AttentionContext {
    /// The tokens of the pass, sequence by sequence.
    var layout: SequenceLayout { get }

    /// The same over other tokens of the sequences.
    func over(_ layout: SequenceLayout) throws -> Self

    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions, on tape: Tape
    ) throws -> Variable
}

/// Sequences packed back to back that do not see each other.
struct PackedSequences: AttentionContext {
    let layout: SequenceLayout

    func over(_ layout: SequenceLayout) -> PackedSequences { PackedSequences(layout: layout) }

    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions, on tape: Tape
    ) throws -> Variable {
        try tape.attention(query, key, value, layout: layout, options: options)
    }
}

/// New tokens of sequences whose earlier keys and values are kept.
struct CachedSequences: AttentionContext {
    let caches: [KeyValueCache]
    /// The new tokens of each sequence.
    let layout: SequenceLayout

    func over(_ layout: SequenceLayout) -> CachedSequences { CachedSequences(caches: caches, layout: layout) }

    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions, on tape: Tape
    ) throws -> Variable {
        try tape.attentionWithCache(
            query, key, value, caches: caches, layer: layer, layout: layout, options: options)
    }
}
