package import Tensors

extension OptimizerGroup {
    /// The groups of LoRA+ (Hayou et al., arXiv 2402.12354): a rate of their own for the B matrices, and another one for
    /// those of embeddings.
    ///
    /// - Parameters:
    ///   - parameters: named as in an adapter's file; vectors, such as magnitudes and norms, learn as fast as B
    ///   - ratio: rate of B divided by that of A
    ///   - embeddingFactor: rate of embeddings' B divided by that of A
    package static func loraPlus(
        _ parameters: [Parameter], _ optimizer: any Optimizer, weightDecay: Double, ratio: Double,
        embeddingFactor: Double
    ) -> [OptimizerGroup] {
        func kind(_ parameter: Parameter) -> Kind {
            if parameter.name.contains("lora_embedding_B") { return .embedding }
            guard parameter.name.contains("lora_B") || parameter.shape.count == 1 else { return .other }
            return parameter.name.contains("bias") ? .undecayedB : .decayedB
        }
        func group(_ wanted: Kind, _ decay: Double, _ factor: Double) -> OptimizerGroup {
            OptimizerGroup(
                parameters.filter { kind($0) == wanted }, optimizer, weightDecay: decay, rateFactor: factor)
        }
        return [
            group(.other, weightDecay, 1), group(.embedding, weightDecay, embeddingFactor),
            group(.decayedB, weightDecay, ratio), group(.undecayedB, 0, ratio),
        ]
    }

    private enum Kind { case other, embedding, decayedB, undecayedB }
}
