package import Tensors

/// One run of a model's blocks over some tokens: what they need beside their weights, and what they report.
package final class ModelPass {
    package let tape: Tape
    let positions: TokenPositions
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
    }

    /// The same pass on another tape, with nothing reported yet.
    func moved(to tape: Tape) -> ModelPass {
        ModelPass(on: tape, positions: positions, branches: branches, context: context)
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
    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions, on tape: Tape
    ) throws -> Variable
}

/// Sequences packed back to back that do not see each other.
struct PackedSequences: AttentionContext {
    let layout: SequenceLayout

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

    func attend(
        _ query: Variable, _ key: Variable, _ value: Variable, layer: Int, options: AttentionOptions, on tape: Tape
    ) throws -> Variable {
        try tape.attentionWithCache(
            query, key, value, caches: caches, layer: layer, layout: layout, options: options)
    }
}
