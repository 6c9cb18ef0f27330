package import Tensors

/// A decoder-only language model: token embedding, layers, final norm, output head.
///
/// Weights are frozen as they lie on disk or trainable, tensor by tensor. Adapters are not part of it.
package final class DecoderModel: Sendable {
    package let configuration: ModelConfiguration
    let embedding: Matrix  // (vocabulary, hidden)
    let layers: [DecoderLayer]
    let norm: Vector  // (hidden)
    /// The embedding itself when both are tied.
    let head: Projection  // (vocabulary, hidden)
    let rotary: RotaryTables

    init(
        configuration: ModelConfiguration, embedding: Matrix, layers: [DecoderLayer], norm: Vector, head: Projection
    ) {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.norm = norm
        self.head = head
        rotary = RotaryTables(configuration.rotary)
    }

    /// Every linear layer, in the order of the model; the output head comes last.
    package var linearModules: [LinearModule] {
        (layers.flatMap(\.projections) + [head]).map {
            LinearModule(path: $0.path, outputs: $0.weight.rows, inputs: $0.weight.columns)
        }
    }

    /// Paths of all modules that hold weights but are not linear, for messages about adapters.
    package var otherModules: [String] {
        [embeddingPath] + layers.flatMap { ["\($0.path).input_layernorm", "\($0.path).post_attention_layernorm"] }
            + ["model.norm"]
    }

    package let embeddingPath = "model.embed_tokens"
    package let headPath = "lm_head"

    /// Name and value of every tensor under its name on disk, in the order of the model; tied ones once.
    package var tensors: [(name: String, value: Matrix)] {
        var result: [(name: String, value: Matrix)] = [("\(embeddingPath).weight", embedding)]
        func add(_ projection: Projection) {
            result.append(("\(projection.path).weight", projection.weight))
            if let bias = projection.bias { result.append(("\(projection.path).bias", bias)) }
        }
        for layer in layers {
            for projection in layer.projections { add(projection) }
            result.append(("\(layer.path).input_layernorm.weight", layer.attentionNorm))
            result.append(("\(layer.path).post_attention_layernorm.weight", layer.feedForwardNorm))
        }
        result.append(("model.norm.weight", norm))
        if !configuration.tiesEmbeddings { add(head) }
        return result
    }

    /// The tensors that can be trained, in the order of the model.
    package var parameters: [Parameter] {
        tensors.compactMap { if case .trainable(let parameter) = $0.value { parameter } else { nil } }
    }

    /// Numbers in all tensors.
    package var parameterCount: Int { tensors.reduce(0) { $0 + $1.value.shape.reduce(1, *) } }

    /// The same model with some of its tensors exchanged; shapes must stay.
    package func replacingTensors(_ replace: (_ name: String, _ value: Matrix) throws -> Matrix) throws -> DecoderModel
    {
        var byName: [String: Matrix] = [:]
        for (name, value) in tensors {
            let replaced = try replace(name, value)
            guard replaced.shape == value.shape else {
                throw TensorError.shapeMismatch(
                    operation: "replace \(name)", expected: value.shape, actual: replaced.shape)
            }
            byName[name] = replaced
        }
        return try DecoderModel.build(configuration) { name, shape in
            guard let value = byName[name] else {
                throw TensorError.shapeMismatch(operation: "replace \(name)", expected: shape, actual: [])
            }
            return value
        }
    }

    /// The same model with the tensors trainable that `isTrainable` names: widened copies, ready for an optimizer.
    package func makingTrainable(_ isTrainable: (String) -> Bool) throws -> DecoderModel {
        try replacingTensors { name, value in
            guard case .frozen(let weight) = value, isTrainable(name) else { return value }
            return .trainable(Parameter(name: name, value: weight.widened()))
        }
    }

    /// Puts a model together from tensors found by name.
    static func build(
        _ configuration: ModelConfiguration, _ tensor: (_ name: String, _ shape: [Int]) throws -> Matrix
    ) throws -> DecoderModel {
        var position = 0
        func projection(_ path: String, _ outputs: Int, _ inputs: Int, bias: Bool) throws -> Projection {
            defer { position += 1 }
            return Projection(
                position: position, path: path, weight: try tensor("\(path).weight", [outputs, inputs]),
                bias: bias ? try tensor("\(path).bias", [outputs]) : nil)
        }
        let hidden = configuration.hiddenSize
        let (queries, keyValues) = (
            configuration.heads * configuration.headSize, configuration.keyValueHeads * configuration.headSize
        )
        let inputBias = configuration.attentionBias != .none
        let embedding = try tensor("model.embed_tokens.weight", [configuration.vocabularySize, hidden])
        let layers = try (0..<configuration.layerCount).map { index in
            let path = "model.layers.\(index)"
            let feedForward = configuration.intermediateSize
            return DecoderLayer(
                path: path,
                query: try projection("\(path).self_attn.q_proj", queries, hidden, bias: inputBias),
                key: try projection("\(path).self_attn.k_proj", keyValues, hidden, bias: inputBias),
                value: try projection("\(path).self_attn.v_proj", keyValues, hidden, bias: inputBias),
                output: try projection(
                    "\(path).self_attn.o_proj", hidden, queries, bias: configuration.attentionBias == .all),
                gate: try projection(
                    "\(path).mlp.gate_proj", feedForward, hidden, bias: configuration.feedForwardBias),
                up: try projection("\(path).mlp.up_proj", feedForward, hidden, bias: configuration.feedForwardBias),
                down: try projection(
                    "\(path).mlp.down_proj", hidden, feedForward, bias: configuration.feedForwardBias),
                attentionNorm: try tensor("\(path).input_layernorm.weight", [hidden]),
                feedForwardNorm: try tensor("\(path).post_attention_layernorm.weight", [hidden]))
        }
        let norm = try tensor("model.norm.weight", [hidden])
        let head =
            configuration.tiesEmbeddings
            ? Projection(position: position, path: "lm_head", weight: embedding, bias: nil)
            : try projection("lm_head", configuration.vocabularySize, hidden, bias: false)
        return DecoderModel(
            configuration: configuration, embedding: embedding, layers: layers, norm: norm, head: head)
    }
}

/// The rotary tables of a model; one, or one per length where the frequencies depend on it.
final class RotaryTables: @unchecked Sendable {
    // Sendable by the rule that one thread runs a model at a time.
    private let frequencies: RotaryFrequencies
    private var current: (length: Int, table: RotaryTable)?

    init(_ frequencies: RotaryFrequencies) { self.frequencies = frequencies }

    /// - Parameter length: tokens of the longest sequence of this pass
    func table(length: Int) -> RotaryTable {
        let key = frequencies.dependsOnLength ? max(length, frequencies.maximumPositions) : 0
        if let current, current.length == key { return current.table }
        let table = RotaryTable(
            inverseFrequencies: frequencies.inverse(length: length),
            attentionFactor: Float(frequencies.attentionFactor))
        current = (key, table)
        return table
    }
}
