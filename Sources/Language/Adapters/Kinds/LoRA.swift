package import JSONDocuments
package import Tensors

/// Low-rank pairs (Hu et al., arXiv 2106.09685), with DoRA, rank stabilization and PiSSA's start.
package struct LoRA: AdapterKind {
    package static let name = "LORA"

    package var rank: Int
    package var alpha: Double
    package var dropout: Double
    package var usesRankStabilization: Bool
    /// Whether each row's magnitude is trained beside its direction (arXiv 2402.09353).
    package var usesDoRA: Bool
    /// How a fresh adapter begins.
    package var start: LoRAStart
    /// Ranks of modules that differ, by an expression for the end of their paths; the first that matches holds.
    package var rankPattern: [(pattern: String, value: Int)] = []
    /// Alphas of modules that differ.
    package var alphaPattern: [(pattern: String, value: Double)] = []

    package init(
        rank: Int, alpha: Double, dropout: Double = 0, usesRankStabilization: Bool = false, usesDoRA: Bool = false,
        start: LoRAStart = .unchanged
    ) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.usesRankStabilization = usesRankStabilization
        self.usesDoRA = usesDoRA
        self.start = start
    }

    /// What the low-rank product is multiplied by: alpha / rank, or alpha / sqrt(rank) when rank-stabilized
    /// (arXiv 2312.03732).
    package func scaling(rank: Int, alpha: Double) -> Double {
        alpha / (usesRankStabilization ? Double(rank).squareRoot() : Double(rank))
    }

    package func rank(of path: String) throws -> Int { try Self.value(rankPattern, of: path) ?? rank }

    package func alpha(of path: String) throws -> Double { try Self.value(alphaPattern, of: path) ?? alpha }

    private static func value<Value>(_ pattern: [(pattern: String, value: Value)], of path: String) throws -> Value? {
        try pattern.first { try PathExpression($0.pattern, suffix: true).matches(path) }?.value
    }

    private func scaling(of path: String) throws -> (rank: Int, scaling: Float) {
        let rank = try rank(of: path)
        return (rank, Float(scaling(rank: rank, alpha: try alpha(of: path))))
    }

    package func branch(beside layer: AdaptedLayer) throws -> any LinearBranch {
        let (rank, scaling) = try scaling(of: layer.path)
        let start = try start.pair(for: layer, rank: rank, scaling: scaling)
        let pair = try LowRankBranch(
            a: layer.parameter(TensorName.a, [rank, layer.inputs]) { name in
                start?.a.copy() ?? Tensor.kaimingUniform([rank, layer.inputs], seed: layer.seed, name: name)
            },
            b: layer.parameter(TensorName.b, [layer.outputs, rank]) { _ in
                start?.b.copy() ?? Tensor(zeros: [layer.outputs, rank])
            },
            scaling: scaling, dropout: Float(dropout), site: Philox.hash(layer.path))
        if let start { return try PiSSABranch(pair, start: start) }
        guard usesDoRA else { return pair }
        return try DoRABranch(
            pair,
            magnitude: layer.parameter(TensorName.magnitude, [layer.outputs]) { _ in
                pair.rowNorms(of: layer.weight())
            })
    }

    /// A is zero here, and B random.
    package func branch(besideEmbedding embedding: AdaptedLayer) throws -> LowRankEmbedding {
        if usesDoRA {
            throw AdapterError.noEmbeddings(module: embedding.path, reason: "DoRA is for linear layers")
        }
        if start != .unchanged {
            throw AdapterError.noEmbeddings(module: embedding.path, reason: "PiSSA starts from linear layers")
        }
        let (rank, scaling) = try scaling(of: embedding.path)
        return try LowRankEmbedding(
            a: embedding.parameter(TensorName.embeddingA, [rank, embedding.inputs]) { _ in
                Tensor(zeros: [rank, embedding.inputs])
            },
            b: embedding.parameter(TensorName.embeddingB, [embedding.outputs, rank]) { name in
                Tensor.normal([embedding.outputs, rank], seed: embedding.seed, name: name)
            }, scaling: scaling)
    }

    /// What is behind a module's path in the names of tensors.
    enum TensorName {
        static let a = "lora_A.weight"
        static let b = "lora_B.weight"
        static let magnitude = "lora_magnitude_vector"
        static let embeddingA = "lora_embedding_A"
        static let embeddingB = "lora_embedding_B"
    }
}

extension LoRA {
    package init(reading file: AdapterConfigurationReader) throws {
        try Self.refuseWhatIsNotAvailable(file)
        self.init(
            rank: try file.rank(file["r"] ?? 8, "r"), alpha: try file.number("lora_alpha", default: 8),
            dropout: try file.number("lora_dropout", default: 0), usesRankStabilization: try file.flag("use_rslora"),
            usesDoRA: try file.flag("use_dora"))
        guard (0..<1).contains(dropout) else {
            throw file.wrong("lora_dropout", "from 0 to below 1", .number(dropout))
        }
        start = try Self.start(file)
        if usesDoRA, start != .unchanged {
            throw file.unsupported("init_lora_weights", "PiSSA's, with 'use_dora'")
        }
        rankPattern = try file.pattern("rank_pattern") { try file.rank($0, "rank_pattern") }
        alphaPattern = try file.pattern("alpha_pattern") { value in
            guard let number = value.double else { throw file.wrong("alpha_pattern", "numbers", value) }
            return number
        }
    }

    package var keys: [(key: String, value: JSONValue)] {
        func number(_ value: Double) -> JSONValue {
            Int64(exactly: value).map { .integer($0) } ?? .number(value)
        }
        let ranks = rankPattern.map { (key: $0.pattern, value: JSONValue.integer(Int64($0.value))) }
        let alphas = alphaPattern.map { (key: $0.pattern, value: number($0.value)) }
        return [
            ("alora_invocation_tokens", .null), ("alpha_pattern", .object(JSONObject(alphas))),
            ("arrow_config", .null), ("corda_config", .null), ("ensure_weight_tying", false), ("eva_config", .null),
            ("init_lora_weights", true), ("layer_replication", .null), ("loftq_config", [:]),
            ("lora_alpha", number(alpha)), ("lora_bias", false), ("lora_dropout", .number(dropout)),
            ("megatron_config", .null), ("megatron_core", "megatron.core"), ("qalora_group_size", 16),
            ("r", .integer(Int64(rank))), ("rank_pattern", .object(JSONObject(ranks))), ("target_parameters", .null),
            ("trainable_token_indices", .null), ("use_dora", .bool(usesDoRA)), ("use_qalora", false),
            ("use_rslora", .bool(usesRankStabilization)),
        ]
    }

    private static func refuseWhatIsNotAvailable(_ file: AdapterConfigurationReader) throws {
        for key in ["use_qalora", "lora_bias"] where try file.flag(key) { throw file.unsupported(key, "true") }
        if try file.flag("ensure_weight_tying"), try file.modules("modules_to_save") != nil {
            throw file.unsupported("ensure_weight_tying", "true")
        }
        for key in [
            "trainable_token_indices", "target_parameters", "layer_replication", "alora_invocation_tokens",
            "arrow_config", "megatron_config",
        ] { try file.requireEmpty(key) }
    }

    /// Some ways to begin change the weights of the base as well: what the adapter says holds beside the changed base
    /// only, which is made again from the file's `init_lora_weights` whenever the adapter is loaded. PiSSA's is, as PEFT
    /// does it.
    private static func start(_ file: AdapterConfigurationReader) throws -> LoRAStart {
        guard let value = file["init_lora_weights"], !value.isNull, value.bool == nil else { return .unchanged }
        guard let name = value.string else { throw file.wrong("init_lora_weights", "true, false or a name", value) }
        if ["gaussian", "eva", "orthogonal"].contains(name) { return .unchanged }
        if let start = LoRAStart(name: name) { return start }
        throw file.unsupported(
            "init_lora_weights", "\"\(name)\"",
            instead: "such an adapter may belong to a base whose weights its start has changed: load it with PEFT and "
                + "merge it, or save it with path_initial_model_for_weight_conversion")
    }
}
