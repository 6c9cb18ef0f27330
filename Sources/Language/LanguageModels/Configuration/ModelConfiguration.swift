package import JSONDocuments
import LinuxSystem
package import Tensors
import WeightFiles

/// The shape of a decoder model, as its `config.json` describes it.
package struct ModelConfiguration: Sendable {
    package var family: any ModelFamily.Type
    package var vocabularySize: Int
    package var hiddenSize: Int
    package var intermediateSize: Int
    package var layerCount: Int
    package var heads: Int
    package var keyValueHeads: Int
    package var headSize: Int
    package var normEpsilon: Float
    package var tiesEmbeddings: Bool
    package var rotary: RotaryFrequencies
    /// Of the layers with a sliding window, where those rotate otherwise.
    package var localRotary: RotaryFrequencies?
    /// `max_position_embeddings`: the longest sequence the model was made for.
    package var maximumPositions: Int
    /// Keys that a query of each layer sees at most; nil for all.
    package var slidingWindows: [Int?]
    package var initializerRange: Float
    package var beginToken: Int32?
    package var endTokens: [Int32]
    package var paddingToken: Int32?
    /// How the checkpoint stores its weights, when the configuration says so.
    package var weightFormat: WeightFormat?
    /// How the checkpoint's linear layers are packed; nil where they are not.
    package var quantization: (any CheckpointQuantization)?
    /// What a run made of the positions; nil where they are as the model's files say.
    package internal(set) var stretch: PositionStretch?
    /// Factor on the loss that balances the experts of mixtures; nil adds none.
    package var expertBalanceWeight: Double?
    /// Whether training attends within groups of a quarter of the longest row, half of the heads in shifted ones.
    package var shiftsAttention = false
    /// Whether only some tokens go through every other block.
    package var skipsDepth = false
    /// Whether a checkpoint keeps the experts of a layer in one tensor.
    package var fusesExperts = false
    /// Every key as it was read, the unknown ones too.
    package var source: JSONObject
    /// What people should know who use the model: what its files say in vain.
    package var warnings: [String] = []

    /// Reads `config.json` of a model directory.
    ///
    /// - Parameter directory: a model directory, or a GGUF file
    package init(directory: String) throws {
        if GGUFFile.isNamed(by: directory) {
            try self.init(GGUFConfiguration(GGUFFile(path: directory)).json(), file: directory)
            return
        }
        let file = "\(directory)/config.json"
        let value: JSONValue
        do {
            value = try JSONValue(parsing: MappedFile.contents(of: file, limit: 16 << 20))
        } catch let error as JSONError {
            throw WeightFileError.indexNotJSON(file: file, error: error)
        }
        try self.init(value, file: file)
    }

    /// - Parameter file: named in errors
    package init(_ value: JSONValue, file: String = "config.json") throws {
        guard let object = value.object else {
            throw ModelConfigurationError.wrongValue(
                key: "the whole file", expected: "an object", found: value.kindName, file: file)
        }
        let reader = ConfigurationReader(object: object, file: file)
        guard let modelType = try reader.text("model_type") else {
            throw ModelConfigurationError.missing(key: "model_type", file: file)
        }
        guard let family = ModelFamilies.named(modelType) else {
            throw ModelConfigurationError.unknownFamily(name: modelType, known: ModelFamilies.names, file: file)
        }
        self = try family.configuration(reader)
        quantization = try CheckpointQuantizations.reading(reader)
        if try reader.flag("output_router_logits", default: false) {
            _ = try reader.float("router_aux_loss_coef", default: 0.001)
            expertBalanceWeight = try reader.number("router_aux_loss_coef", default: 0.001)
        }
        skipsDepth = try reader.texts("architectures")?.contains(family.depthArchitecture) ?? false
        warnings += try reader.disregarded()
    }

    /// The keys that all standard decoders share.
    ///
    /// - Parameters:
    ///   - maximumPositions: the family's default of `max_position_embeddings`
    ///   - keyValueHeads: the family's default of `num_key_value_heads`; nil for as many as heads
    ///   - headSize: the family's default of `head_dim`; nil for the hidden size divided by the heads
    ///   - tiesEmbeddings: the family's default of `tie_word_embeddings`
    ///   - rotatedShare: the family's default of `partial_rotary_factor`; nil where heads are rotated whole
    ///   - theta: the family's default of `rope_theta`
    ///   - activations: the values of `hidden_act` that the family's feed-forward network knows, its default first
    init(
        standard reader: ConfigurationReader, family: any ModelFamily.Type, maximumPositions: Int,
        keyValueHeads defaultKeyValueHeads: Int? = nil, headSize defaultHeadSize: Int? = nil,
        activations: [String] = ["silu"], tiesEmbeddings defaultTie: Bool = false, rotatedShare: Double? = nil,
        normEpsilon defaultEpsilon: Double = 1e-6, theta: Double = 10000
    ) throws {
        self.family = family
        source = reader.object
        vocabularySize = try reader.size("vocab_size")
        hiddenSize = try reader.size("hidden_size")
        intermediateSize = try reader.size("intermediate_size")
        layerCount = try reader.size("num_hidden_layers")
        heads = try reader.size("num_attention_heads")
        // Products of these must fit, and lists have an entry for each layer.
        guard layerCount <= 1 << 16, heads <= 1 << 16 else {
            throw reader.wrong("num_hidden_layers", "at most 65536 layers and heads", .null)
        }
        keyValueHeads = try reader.size("num_key_value_heads", default: defaultKeyValueHeads ?? heads)
        headSize = try reader.size("head_dim", default: defaultHeadSize ?? max(1, hiddenSize / heads))
        normEpsilon = try reader.positiveFloat("rms_norm_eps", default: defaultEpsilon)
        tiesEmbeddings = try reader.flag("tie_word_embeddings", default: defaultTie)
        self.maximumPositions = try reader.size("max_position_embeddings", default: maximumPositions)
        slidingWindows = Array(repeating: nil, count: layerCount)
        initializerRange = try reader.float("initializer_range", default: 0.02)
        beginToken = try reader.tokens("bos_token_id").first
        endTokens = try reader.tokens("eos_token_id")
        paddingToken = try reader.tokens("pad_token_id").first
        weightFormat = try (reader.text("dtype") ?? reader.text("torch_dtype")).flatMap(WeightFormat.init(rawValue:))
        rotary = try RotaryFrequencies.reading(
            reader, headSize: headSize, maximumPositions: self.maximumPositions, rotatedShare: rotatedShare,
            theta: theta)
        try check(reader, activations: activations, hasOwnHeadSize: defaultHeadSize != nil)
    }

    /// The row of the embedding that is never trained; a negative token counts from the end, as in PyTorch.
    package var paddingRow: Int? {
        let row = paddingToken.map { $0 < 0 ? vocabularySize + Int($0) : Int($0) }
        return row.flatMap { (0..<vocabularySize).contains($0) ? $0 : nil }
    }

    /// The family's tokens for keys that are absent; null stands for none.
    mutating func setDefaultTokens(begin: Int32?, ends: [Int32], padding: Int32? = nil) {
        if !source.contains("bos_token_id") { beginToken = begin }
        if !source.contains("eos_token_id") { endTokens = ends }
        if !source.contains("pad_token_id") { paddingToken = padding }
    }

    private func check(
        _ reader: ConfigurationReader, activations: [String], hasOwnHeadSize: Bool
    ) throws {
        guard heads % keyValueHeads == 0 else {
            throw reader.wrong(
                "num_key_value_heads", "a divisor of num_attention_heads (\(heads))", .integer(Int64(keyValueHeads)))
        }
        guard headSize % 2 == 0 else {
            throw reader.wrong("head_dim", "even, for the rotary embedding", .integer(Int64(headSize)))
        }
        guard reader.object["head_dim"]?.isNull == false || hasOwnHeadSize || heads * headSize == hiddenSize else {
            throw reader.wrong(
                "hidden_size", "a multiple of num_attention_heads (\(heads))", .integer(Int64(hiddenSize)))
        }
        for key in ["hidden_act", "hidden_activation"] {
            guard let activation = try reader.text(key), !activations.contains(activation) else { continue }
            throw ModelConfigurationError.unsupported(
                key: key, value: activation, supported: activations, file: reader.file)
        }
        guard headSize <= 1 << 16 else {
            throw reader.wrong("head_dim", "at most 65536", .integer(Int64(headSize)))
        }
    }

    /// Attention of one layer.
    package func attention(layer: Int) -> AttentionOptions {
        AttentionOptions(
            heads: heads, keyValueHeads: keyValueHeads, headSize: headSize, slidingWindow: slidingWindows[layer])
    }
}
