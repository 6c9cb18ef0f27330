package import Tensors

/// A linear layer with its place in the model.
package struct LinearLayer: Sendable {
    /// Position in `DecoderModel.linearModules`.
    let position: Int
    /// The path of the module in the checkpoint.
    package let path: String
    let weight: Matrix  // (outputs, inputs)
    let bias: Vector?  // (outputs)

    func projection(_ branches: LinearBranches?) -> LinearProjection {
        LinearProjection(weight: weight, bias: bias, branch: branches?[position])
    }
}

/// A linear layer of a model, as adapters see it.
package struct LinearModule: Sendable, Equatable {
    /// The path of the module in the checkpoint, such as `model.layers.0.self_attn.q_proj`.
    package var path: String
    package var outputs: Int
    package var inputs: Int
    /// Whether it chooses experts; `lora_target: all` leaves it alone.
    package var isRouter = false
}

/// Branches beside some of a model's linear layers, and beside its token embedding, chosen per call.
///
/// The model itself does not know them: one model in memory serves any number of sets.
package struct LinearBranches: Sendable {
    /// By the position in `DecoderModel.linearModules`.
    private var branches: [(any LinearBranch)?]
    package let embedding: LowRankEmbedding?

    package init(_ branches: [(any LinearBranch)?], embedding: LowRankEmbedding? = nil) {
        self.branches = branches
        self.embedding = embedding
    }

    subscript(position: Int) -> (any LinearBranch)? { branches.indices.contains(position) ? branches[position] : nil }
}
