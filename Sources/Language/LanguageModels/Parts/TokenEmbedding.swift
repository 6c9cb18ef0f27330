import Tensors

/// Token ids to hidden states.
struct TokenEmbedding: Sendable {
    let path: String
    let table: Matrix  // (vocabulary, hidden)
    /// The row that is never trained.
    var paddingIndex: Int?
    /// What every row is multiplied by.
    var scale: Float?

    /// - Returns: `(tokens, hidden)`
    func callAsFunction(_ tokens: [Int32], on tape: Tape, branches: LinearBranches?) throws -> Variable {
        let hidden = try tape.embedding(
            tokens, table: table, beside: branches?.embedding, paddingIndex: paddingIndex)
        return try scale.map { try tape.scale(hidden, by: $0) } ?? hidden
    }
}
