package import Tensors
package import WeightFiles

/// Why a checkpoint does not fit its own `config.json`.
package enum ModelLoadingError: Error, CustomStringConvertible {
    /// Tensors that the model has no place for; loading on would silently compute something else.
    case unexpectedTensors(names: [String], directory: String)
    case noHead(directory: String)

    package var description: String {
        switch self {
        case .unexpectedTensors(let names, let directory):
            "\(directory): the model described by config.json has no place for "
                + names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
                + (names.count > 5 ? " and \(names.count - 5) more tensors" : "")
        case .noHead(let directory):
            "\(directory): the weights have no '\(TiedHead.head)', though config.json does not tie the output head to "
                + "the embedding; if the embedding is the head, set 'tie_word_embeddings' to true there"
        }
    }
}

extension DecoderModel {
    /// Opens a model directory; every tensor stays where it lies on disk but those that `quantizer` packs.
    package static func load(
        directory: String, quantizer: (any WeightQuantizer)? = nil
    ) throws -> DecoderModel {
        try load(ModelConfiguration(directory: directory), directory: directory, quantizer: quantizer)
    }

    /// - Parameter directory: a model directory, or a GGUF file
    package static func load(
        _ configuration: ModelConfiguration, directory: String, seed: UInt64 = 0,
        quantizer: (any WeightQuantizer)? = nil
    ) throws -> DecoderModel {
        guard GGUFFile.isNamed(by: directory) else {
            return try load(
                configuration, weights: CheckpointWeights(directory: directory), seed: seed, quantizer: quantizer)
        }
        let source = try GGUFTensors(GGUFFile(path: directory), configuration, quantizer: quantizer)
        let model = try DecoderModel(configuration, source: source)
        try source.requireAllUsed()
        return model
    }

    /// - Parameters:
    ///   - seed: for layers that the configuration adds to the checkpoint's
    ///   - quantizer: packs the weights of linear layers, but for routers and the output head
    /// - Throws: `WeightFileError` naming the tensor, the shape expected and found, and the file; `QuantizationError`
    package static func load(
        _ configuration: ModelConfiguration, weights: CheckpointWeights, seed: UInt64 = 0,
        quantizer: (any WeightQuantizer)? = nil
    ) throws -> DecoderModel {
        var (configuration, embedding) = try TiedHead.resolved(configuration, in: weights)
        configuration.fusesExperts = weights.names.contains { $0.hasSuffix(".experts.gate_up_proj") }
        let isConverted =
            configuration.skipsDepth && !weights.names.contains { $0.contains(MixtureOfDepthsBlock.routerName) }
        let source = CheckpointTensors(
            weights, embedding: embedding, convertsDepth: isConverted, seed: seed, quantizer: quantizer,
            quantization: configuration.quantization)
        let model = try DecoderModel(configuration, source: source)
        let extra = weights.names.filter { !source.used.contains($0) && !isIgnored($0, configuration) }
        guard extra.isEmpty else {
            throw ModelLoadingError.unexpectedTensors(names: extra, directory: weights.directory)
        }
        return model
    }

    /// One of this model's tensors out of a checkpoint that it was saved in.
    package func weight(named name: String, in weights: CheckpointWeights) throws -> Weight {
        guard let part = fusedRows[name] else {
            return try weights.weight(name, shape: weights.record(name)?.shape ?? [])
        }
        return try weights.weight(part.tensor.name, shape: part.tensor.shape).rows(part.rows, name: name)
    }

    /// Reads every tensor to the end.
    ///
    /// - Parameter directory: named in the error
    /// - Throws: `NotFiniteTensor`
    package func requireFinite(in directory: String) throws {
        for (name, value) in tensors {
            let weight =
                switch value {
                case .frozen(let weight): weight
                case .trainable(let parameter): Weight(name: name, tensor: parameter.value)
                }
            try weight.requireFinite(in: directory)
        }
    }

    /// Random weights of the configuration's range; the same seed gives the same model.
    ///
    /// Matrices are N(0, `initializer_range`), biases zero, norms one, and the padding token's row is zero.
    package static func initialized(_ configuration: ModelConfiguration, seed: UInt64) throws -> DecoderModel {
        try DecoderModel(configuration, source: InitialTensors(configuration: configuration, seed: seed))
    }

    /// Tables that old files carry, and a copy of the tied head.
    private static func isIgnored(_ name: String, _ configuration: ModelConfiguration) -> Bool {
        name.hasSuffix(".rotary_emb.inv_freq") || (name == TiedHead.head && configuration.tiesEmbeddings)
    }
}

/// The tensors of a checkpoint where they lie on disk.
private final class CheckpointTensors: TensorSource {
    private let weights: CheckpointWeights
    /// The name under which the file keeps the embedding.
    private let embedding: String
    /// Whether the file is of a model without the routers between blocks that are asked for.
    private let convertsDepth: Bool
    private let seed: UInt64
    private let quantizer: (any WeightQuantizer)?
    /// How the checkpoint's linear layers are packed; nil where they are not.
    private let quantization: (any CheckpointQuantization)?
    /// Names in the file that the model asked for.
    private(set) var used: Set<String> = []

    init(
        _ weights: CheckpointWeights, embedding: String, convertsDepth: Bool, seed: UInt64,
        quantizer: (any WeightQuantizer)?, quantization: (any CheckpointQuantization)?
    ) {
        self.weights = weights
        self.embedding = embedding
        self.convertsDepth = convertsDepth
        self.seed = seed
        self.quantizer = quantizer
        self.quantization = quantization
    }

    func tensor(_ place: TensorPlace) throws -> Matrix {
        if place.role == .linear || place.role == .router, let quantization, !weights.contains(place.name) {
            let layer = QuantizedLayer(place, in: weights)
            if layer.isPacked {
                defer { used.formUnion(layer.used) }
                return .frozen(Weight(name: place.name, storage: try quantization.storage(of: layer)))
            }
        }
        if let part = place.fused {
            used.insert(part.tensor.name)
            let whole = try weights.weight(part.tensor.name, shape: part.tensor.shape)
            return .frozen(try packed(whole.rows(part.rows, name: place.name), place))
        }
        if convertsDepth, case .fresh(let bound) = place.role {
            let value = Tensor.uniform(place.shape, from: -bound, to: bound, seed: seed, name: place.name)
            return .frozen(Weight(name: place.name, tensor: value))
        }
        var name = place.role == .embedding ? embedding : place.name
        if convertsDepth { name = name.replacing(MixtureOfDepthsBlock.pathPart, with: ".") }
        used.insert(name)
        return .frozen(try packed(weights.weight(name, shape: place.shape), place))
    }

    /// A weight as it stays in memory: that of a linear layer in few bits where they are asked for.
    private func packed(_ weight: Weight, _ place: TensorPlace) throws -> Weight {
        guard let quantizer, place.role == .linear, place.name != TiedHead.head else { return weight }
        defer { weights.forgetPages() }
        return Weight(name: weight.name, storage: try quantizer.quantized(weight, file: weights.directory))
    }
}

/// Random matrices, biases of zero, norms that change nothing.
private struct InitialTensors: TensorSource {
    let configuration: ModelConfiguration
    let seed: UInt64

    func tensor(_ place: TensorPlace) throws -> Matrix {
        let value: Tensor
        switch place.role {
        case .embedding, .linear, .router:
            value = Tensor.normal(
                place.shape, standardDeviation: configuration.initializerRange, seed: seed, name: place.name)
            if place.role == .embedding, let padding = configuration.paddingRow { value.clearRow(padding) }
        case .bias: value = Tensor(zeros: place.shape)
        case .fresh(let bound):
            value = Tensor.uniform(place.shape, from: -bound, to: bound, seed: seed, name: place.name)
        case .norm(let weightOffset):
            value = Tensor(uninitialized: place.shape)
            value.fill(1 - weightOffset)
        }
        return .trainable(Parameter(name: place.name, value: value))
    }
}

extension Tensor {
    fileprivate func clearRow(_ row: Int) {
        for column in 0..<columns { self[row * columns + column] = 0 }
    }
}
