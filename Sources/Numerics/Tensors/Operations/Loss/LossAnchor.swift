/// Predictions of a frozen model that a loss holds others to, by their divergence on labelled rows.
package struct LossAnchor {
    /// The frozen model's hidden states, `(tokens, hidden)`, row by row those of the predictions.
    let hidden: Tensor
    let head: LinearProjection
    let softCap: Float?
    /// Factor on the divergence.
    let strength: Float

    package init(hidden: Tensor, head: LinearProjection, softCap: Float? = nil, strength: Float) {
        self.hidden = hidden
        self.head = head
        self.softCap = softCap
        self.strength = strength
    }

    /// Scores of the vocabulary for some rows: `(rows, vocabulary)`.
    func logits(of rows: [Int], like tape: Tape) throws -> Tensor {
        try tape.logits(Rows.gather(hidden, rows), head: head, softCap: softCap)
    }
}
