/// Scores of the vocabulary for some rows of hidden states, a few rows at a time: a whole matrix of them is never held.
struct LogitChunks {
    let head: LinearProjection
    /// The rows of hidden states that are scored, ascending.
    let rows: [Int]

    /// Floats of logits held at a time.
    static let chunkFloats = 32 << 20

    /// Rows per chunk: as many as fit, evenly spread over the chunks.
    static func chunkRows(_ rows: Int, vocabulary: Int) -> Int {
        let most = max(16, chunkFloats / max(1, vocabulary))
        let chunks = max(1, (rows + most - 1) / most)
        return max(1, (rows + chunks - 1) / chunks)
    }

    /// Shows every chunk to `body`, which writes the gradient of the logits over them when `recorded`.
    ///
    /// Gradients of a trained head are added at once.
    /// - Parameters:
    ///   - gradient: where the gradient of the scored rows of `hidden` is written; nil when none is wanted
    ///   - body: gets which of `rows` these are and their logits, `(rows, vocabulary)`
    func run(
        _ hidden: Tensor, on outer: Tape, gradient: Tensor?, recorded: Bool,
        _ body: (_ range: Range<Int>, _ logits: Tensor) throws -> Void
    ) throws {
        let size = Self.chunkRows(rows.count, vocabulary: head.outputs)
        for start in stride(from: 0, to: rows.count, by: size) {
            let range = start..<min(rows.count, start + size)
            let some = Array(rows[range])
            let tape = Tape(mode: recorded ? .recording : .computing, like: outer)
            let gathered = Rows.gather(hidden, some)
            let input = gradient == nil ? tape.constant(gathered) : tape.leaf(gathered)
            let logits = try tape.linear(input, head)
            try body(range, logits.value)
            guard recorded else { continue }
            try tape.backward(from: logits, gradient: logits.value)
            if let gradient, let part = tape.gradient(of: input) { Rows.put(part, at: some, of: gradient) }
        }
    }
}
