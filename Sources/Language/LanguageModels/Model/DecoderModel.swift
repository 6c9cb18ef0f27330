package import Tensors

/// A decoder-only language model: token embedding, blocks, final norm, output head.
///
/// Weights are frozen as they lie on disk or trainable, tensor by tensor. Adapters are not part of it.
package final class DecoderModel: Sendable {
    package let configuration: ModelConfiguration
    let parts: ModelParts
    /// Name and value of every tensor under its name on disk, in the order of the model; tied ones once.
    package let tensors: [(name: String, value: Matrix)]
    /// Every linear layer, in the order of the model; the output head comes last.
    package let linearModules: [LinearModule]
    /// Where the model's checkpoints keep tensors in parts of others.
    let fusedRows: [String: FusedRows]
    /// Paths of all modules that hold weights but are not linear, for messages about adapters.
    package let otherModules: [String]

    /// Lets the configuration's family put the model together from `source`.
    package init(_ configuration: ModelConfiguration, source: some TensorSource) throws {
        var builder = ModelBuilder(configuration, source: source)
        parts = try configuration.family.build(&builder)
        self.configuration = configuration
        tensors = builder.tensors
        linearModules = builder.linearModules
        otherModules = builder.otherModules
        fusedRows = builder.fusedRows
    }

    /// The tensors of another model, put together otherwise.
    init(_ other: DecoderModel, parts: ModelParts) {
        self.parts = parts
        configuration = other.configuration
        tensors = other.tensors
        linearModules = other.linearModules
        otherModules = other.otherModules
        fusedRows = other.fusedRows
    }

    package var embeddingPath: String { parts.embedding.path }
    package var headPath: String { parts.head.path }
    /// `(vocabulary, hidden)`
    package var embeddingTable: Matrix { parts.embedding.table }

    /// The tensors that can be trained, in the order of the model.
    package var parameters: [Parameter] {
        tensors.compactMap { if case .trainable(let parameter) = $0.value { parameter } else { nil } }
    }

    /// Numbers in all tensors.
    package var parameterCount: Int { tensors.reduce(0) { $0 + $1.value.shape.reduce(1, *) } }

    /// The weight of a linear layer, by its position in `linearModules`.
    package func weight(ofLinearModule position: Int) -> Matrix {
        let name = "\(linearModules[position].path).weight"
        return tensors.first { $0.name == name }?.value ?? parts.head.weight
    }

    /// The same model with some of its tensors exchanged; shapes must stay.
    ///
    /// - Parameter untyingHead: gives a head that was tied to the embedding a tensor of its own, the embedding's at first
    package func replacingTensors(
        untyingHead: Bool = false, _ replace: (_ name: String, _ value: Matrix) throws -> Matrix
    ) throws -> DecoderModel {
        var (configuration, replaced) = (configuration, [String: Matrix]())
        for (name, value) in tensors { replaced[name] = try replace(name, value) }
        if untyingHead, configuration.tiesEmbeddings {
            configuration.tiesEmbeddings = false
            replaced["\(headPath).weight"] = try replace("\(headPath).weight", parts.head.weight)
        }
        return try DecoderModel(configuration, source: NamedTensors(values: replaced))
    }

    /// The same weights under another configuration, which must ask for tensors of the same names and shapes.
    package func reconfigured(_ configuration: ModelConfiguration) throws -> DecoderModel {
        try DecoderModel(
            configuration, source: NamedTensors(values: Dictionary(tensors.map { ($0.name, $0.value) }) { $1 }))
    }

    /// The same model with the tensors trainable that `isTrainable` names: widened copies, ready for an optimizer.
    package func makingTrainable(_ isTrainable: (String) -> Bool) throws -> DecoderModel {
        try replacingTensors { name, value in
            guard case .frozen(let weight) = value, isTrainable(name) else { return value }
            return .trainable(Parameter(name: name, value: weight.widened()))
        }
    }
}

/// Tensors of a model that exists already.
struct NamedTensors: TensorSource {
    let values: [String: Matrix]

    func tensor(_ place: TensorPlace) throws -> Matrix {
        guard let value = values[place.name] else {
            throw TensorError.shapeMismatch(operation: "replace \(place.name)", expected: place.shape, actual: [])
        }
        return value
    }
}
