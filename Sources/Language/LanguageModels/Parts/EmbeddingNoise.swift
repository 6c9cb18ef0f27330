import Tensors

/// Noise on the embeddings of a training batch (NEFTune, arXiv 2310.05914).
package struct EmbeddingNoise: Equatable, Sendable {
    let strength: Double
    let paddedLength: Int

    /// - Parameter paddedLength: tokens of each row where rows are padded to one length
    package init(strength: Double, paddedLength: Int) {
        self.strength = strength
        self.paddedLength = paddedLength
    }

    /// The largest noise on embeddings of a given size: `strength / sqrt(length * hidden)`.
    package func bound(hidden: Int) -> Double {
        strength / Double(max(1, paddedLength * hidden)).squareRoot()
    }

    private static let site = Philox.hash("embedding noise")

    /// The embeddings with noise on them; as they are outside training.
    func added(to embeddings: Variable, on tape: Tape) throws -> Variable {
        try tape.addUniformNoise(
            embeddings, within: Float(bound(hidden: embeddings.value.columns)), site: Self.site)
    }
}
