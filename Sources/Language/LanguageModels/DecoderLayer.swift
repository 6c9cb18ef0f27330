import Tensors

/// A linear layer with its place in the model.
struct Projection: Sendable {
    /// Position in `DecoderModel.linearModules`.
    var position: Int
    var path: String
    var weight: Matrix  // (outputs, inputs)
    var bias: Vector?  // (outputs)

    func attached(_ adapters: ProjectionAdapters?) -> LinearProjection {
        LinearProjection(weight: weight, bias: bias, lora: adapters?[position])
    }
}

/// One block of a standard decoder: attention, then a gated feed-forward network, each normalised before and added.
struct DecoderLayer: Sendable {
    var path: String
    var query: Projection  // (heads * headSize, hidden)
    var key: Projection  // (keyValueHeads * headSize, hidden)
    var value: Projection  // (keyValueHeads * headSize, hidden)
    var output: Projection  // (hidden, heads * headSize)
    var gate: Projection  // (intermediate, hidden)
    var up: Projection  // (intermediate, hidden)
    var down: Projection  // (hidden, intermediate)
    var attentionNorm: Vector  // (hidden)
    var feedForwardNorm: Vector  // (hidden)

    /// How queries meet keys: within packed sequences, or against a cache.
    typealias Attend = (_ tape: Tape, _ query: Variable, _ key: Variable, _ value: Variable) throws -> Variable

    /// What a layer needs beside its weights.
    struct Surroundings {
        var normEpsilon: Float
        var headSize: Int
        var rotary: RotaryTable
        var positions: [Int32]
        var adapters: ProjectionAdapters?
    }

    /// - Parameter hidden: `(tokens, hidden)`
    /// - Returns: `(tokens, hidden)`
    func forward(
        _ hidden: Variable, on tape: Tape, _ surroundings: Surroundings, attend: Attend
    ) throws -> Variable {
        let (size, table, positions) = (surroundings.headSize, surroundings.rotary, surroundings.positions)
        let adapters = surroundings.adapters
        let x = try tape.rmsNorm(hidden, weight: attentionNorm, epsilon: surroundings.normEpsilon)
        let q = try tape.rotaryEmbedding(
            tape.linear(x, query.attached(adapters)), headSize: size, table: table, positions: positions)
        let k = try tape.rotaryEmbedding(
            tape.linear(x, key.attached(adapters)), headSize: size, table: table, positions: positions)
        let v = try tape.linear(x, value.attached(adapters))
        let attended = try attend(tape, q, k, v)
        let middle = try tape.add(hidden, tape.linear(attended, output.attached(adapters)))

        let y = try tape.rmsNorm(middle, weight: feedForwardNorm, epsilon: surroundings.normEpsilon)
        let gated = try tape.siluGate(
            tape.linear(y, gate.attached(adapters)), tape.linear(y, up.attached(adapters)))
        return try tape.add(middle, tape.linear(gated, down.attached(adapters)))
    }

    var projections: [Projection] { [query, key, value, output, gate, up, down] }
}
