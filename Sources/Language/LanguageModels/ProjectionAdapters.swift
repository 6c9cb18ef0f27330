package import Tensors

/// A linear layer of a model, as adapters see it.
package struct LinearModule: Sendable, Equatable {
    /// The path of the module in the checkpoint, such as `model.layers.0.self_attn.q_proj`.
    package var path: String
    package var outputs: Int
    package var inputs: Int
}

/// Low-rank adapters for some of a model's linear layers, chosen per call.
///
/// The model itself does not know them: one model in memory serves any number of sets.
package struct ProjectionAdapters: Sendable {
    /// By the position in `DecoderModel.linearModules`.
    private var adapters: [LowRankAdapter?]

    package init(_ adapters: [LowRankAdapter?]) { self.adapters = adapters }

    subscript(position: Int) -> LowRankAdapter? { adapters.indices.contains(position) ? adapters[position] : nil }
}
