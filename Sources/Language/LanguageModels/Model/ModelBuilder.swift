package import Tensors

/// Where a model's tensors come from: files, random numbers, or another model.
package protocol TensorSource {
    /// The tensor that the model has at a place, in the shape asked for.
    ///
    /// A source may put it together from several tensors of its own, such as codes and scales.
    mutating func tensor(_ place: TensorPlace) throws -> Matrix
}

/// A place in a model that a tensor is needed for.
package struct TensorPlace: Sendable {
    package enum Role: Sendable, Equatable {
        case embedding, linear, bias
        /// The weight of a linear layer that chooses among experts.
        case router
        /// A norm whose weights have `weightOffset` added to them.
        case norm(weightOffset: Float)
        /// Part of a layer that is new in a model and begins uniform from -`bound` to `bound`.
        case fresh(bound: Float)
    }

    /// The tensor's name in a checkpoint.
    package var name: String
    package var shape: [Int]
    package var role: Role
    /// Where the numbers lie in checkpoints that keep several places in one tensor.
    package var fused: FusedRows?
}

/// A tensor in which some checkpoints keep several places, such as the experts of a layer.
package struct FusedTensor: Sendable, Equatable {
    package var name: String
    package var shape: [Int]

    func rows(_ first: Int, _ count: Int) -> FusedRows { FusedRows(tensor: self, rows: first..<first + count) }
}

/// Some rows of a fused tensor, seen as a matrix of its last dimension's width.
package struct FusedRows: Sendable, Equatable {
    package var tensor: FusedTensor
    package var rows: Range<Int>
}

/// Puts a model together from its parts, and thereby lists them: the one walk that gives tensors their names and order.
///
/// A family asks for parts in the order of the model; the same family with the same configuration asks for the same.
package struct ModelBuilder {
    package let configuration: ModelConfiguration
    /// The rotation of most families' attention.
    let rotary: RotaryTables
    private var source: any TensorSource

    /// Every tensor asked for, in order.
    private(set) var tensors: [(name: String, value: Matrix)] = []
    /// The places of tensors that the model's checkpoints keep fused.
    private(set) var fusedRows: [String: FusedRows] = [:]
    private(set) var linearModules: [LinearModule] = []
    /// Paths of modules that hold weights but are not linear.
    private(set) var otherModules: [String] = []

    init(_ configuration: ModelConfiguration, source: any TensorSource) {
        self.configuration = configuration
        self.source = source
        rotary = RotaryTables(configuration.rotary)
    }

    /// The `config.json`, for keys that only the family knows.
    var reader: ConfigurationReader { ConfigurationReader(object: configuration.source, file: "config.json") }

    private mutating func tensor(
        _ name: String, _ shape: [Int], _ role: TensorPlace.Role, fused: FusedRows? = nil
    ) throws -> Matrix {
        let fused = configuration.fusesExperts ? fused : nil
        let value = try source.tensor(TensorPlace(name: name, shape: shape, role: role, fused: fused))
        guard value.shape == shape else {
            throw TensorError.shapeMismatch(operation: "build \(name)", expected: shape, actual: value.shape)
        }
        tensors.append((name, value))
        fusedRows[name] = fused
        return value
    }

    /// - Parameter freshBound: nil for a layer that the model's family has
    mutating func linear(
        _ path: String, _ outputs: Int, _ inputs: Int, bias: Bool = false, fused: FusedRows? = nil,
        freshBound: Float? = nil, isRouter: Bool = false
    ) throws -> LinearLayer {
        let role = freshBound.map { TensorPlace.Role.fresh(bound: $0) }
        let layer = LinearLayer(
            position: linearModules.count, path: path,
            weight: try tensor(
                "\(path).weight", [outputs, inputs], role ?? (isRouter ? .router : .linear), fused: fused),
            bias: bias ? try tensor("\(path).bias", [outputs], role ?? .bias) : nil)
        linearModules.append(LinearModule(path: path, outputs: outputs, inputs: inputs, isRouter: isRouter))
        return layer
    }

    /// The linear layer that chooses among experts: `(experts, hidden)`.
    mutating func router(_ path: String, _ experts: Int) throws -> LinearLayer {
        try linear(path, experts, configuration.hiddenSize, isRouter: true)
    }

    /// What chooses the tokens that go through a block, with PyTorch's beginning of linear layers.
    private mutating func depthRouter(_ path: String) throws -> LinearLayer {
        let hidden = configuration.hiddenSize
        return try linear(path, 1, hidden, bias: true, freshBound: 1 / Float(hidden).squareRoot(), isRouter: true)
    }

    mutating func norm(_ path: String, _ width: Int? = nil, weightOffset: Float = 0) throws -> RMSNorm {
        otherModules.append(path)
        return RMSNorm(
            weight: try tensor(
                "\(path).weight", [width ?? configuration.hiddenSize], .norm(weightOffset: weightOffset)),
            epsilon: configuration.normEpsilon, weightOffset: weightOffset)
    }

    mutating func embedding(_ path: String, scale: Float? = nil) throws -> TokenEmbedding {
        otherModules.append(path)
        return TokenEmbedding(
            path: path,
            table: try tensor(
                "\(path).weight", [configuration.vocabularySize, configuration.hiddenSize], .embedding),
            paddingIndex: configuration.paddingRow, scale: scale)
    }

    /// A linear layer whose weight is that of the embedding.
    private mutating func tiedLinear(_ path: String, to embedding: TokenEmbedding) -> LinearLayer {
        defer {
            linearModules.append(
                LinearModule(path: path, outputs: embedding.table.rows, inputs: embedding.table.columns))
        }
        return LinearLayer(position: linearModules.count, path: path, weight: embedding.table, bias: nil)
    }

    /// A decoder under the names that most families use: `model.embed_tokens`, `model.layers.N`, `model.norm`, `lm_head`.
    ///
    /// - Parameters:
    ///   - logitSoftCap: bounds the logits by `cap * tanh(x / cap)`
    ///   - block: makes a block from its number and path
    mutating func decoder(
        embeddingScale: Float? = nil, normWeightOffset: Float = 0, logitSoftCap: Float? = nil,
        block: (_ builder: inout ModelBuilder, _ layer: Int, _ path: String) throws -> any DecoderBlock
    ) throws -> ModelParts {
        let embedding = try embedding("model.embed_tokens", scale: embeddingScale)
        let blocks = try (0..<configuration.layerCount).map { layer -> any DecoderBlock in
            let path = "model.layers.\(layer)"
            guard configuration.skipsDepth, layer % 2 == 1 else { return try block(&self, layer, path) }
            return MixtureOfDepthsBlock(
                router: try depthRouter("\(path).router.weight_predictor"),
                block: try block(&self, layer, "\(path).block"))
        }
        let norm = try norm("model.norm", weightOffset: normWeightOffset)
        let head =
            configuration.tiesEmbeddings
            ? tiedLinear("lm_head", to: embedding)
            : try linear("lm_head", configuration.vocabularySize, configuration.hiddenSize)
        return ModelParts(
            embedding: embedding, blocks: blocks, norm: norm, head: head, logitSoftCap: logitSoftCap)
    }
}

/// What a decoder-only language model consists of.
package struct ModelParts: Sendable {
    var embedding: TokenEmbedding
    var blocks: [any DecoderBlock]
    var norm: RMSNorm
    /// Shares the embedding's weight when both are tied.
    var head: LinearLayer  // (vocabulary, hidden)
    var logitSoftCap: Float?
}
