import Tensors

/// Token ids to hidden states.
struct TokenEmbedding: Sendable {
    let path: String
    let table: Matrix  // (vocabulary, hidden)
    /// The row that is never trained.
    var paddingIndex: Int?
    /// What every row is multiplied by.
    var scale: Float?

    /// - Parameter noise: goes on the rows as they are in the table, before their scale
    /// - Returns: `(tokens, hidden)`
    func callAsFunction(
        _ tokens: [Int32], noise: EmbeddingNoise? = nil, on tape: Tape, branches: LinearBranches?
    ) throws -> Variable {
        let rows = try tape.embedding(
            tokens, table: table, beside: branches?.embedding, paddingIndex: paddingIndex)
        let hidden = try noise?.added(to: rows, on: tape) ?? rows
        return try scale.map { try tape.scale(hidden, by: $0) } ?? hidden
    }
}
