import WeightFiles

/// A family as llama.cpp knows it: its name there, the names of tensors, and what is stored otherwise than in a
/// checkpoint of Hugging Face.
struct GGUFArchitecture: Sendable {
    /// `model_type`
    let modelType: String
    /// `general.architecture`
    let name: String
    /// Names of modules of a layer, beyond those that all families share.
    private let ownModules: [String: String]
    /// Queries and keys are stored with the two halves of a head interleaved, as rotating neighbours wants them.
    let interleavesHeads: Bool
    /// What norms have added to their weights.
    let normOffset: Float
    /// Modules of a layer that may have biases.
    let biased: Set<String>
    /// Whether llama.cpp looks for an output head that is not the embedding even where both are tied.
    let needsHead: Bool

    private init(
        _ modelType: String, _ name: String, modules: [String: String] = [:], interleavesHeads: Bool = false,
        normOffset: Float = 0, biased: Set<String> = [], needsHead: Bool = false
    ) {
        self.modelType = modelType
        self.name = name
        ownModules = modules
        self.interleavesHeads = interleavesHeads
        self.normOffset = normOffset
        self.biased = biased
        self.needsHead = needsHead
    }

    private static let queriesKeysValues: Set = ["attn_q", "attn_k", "attn_v"]
    private static let everything: Set = [
        "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down",
    ]

    /// The first of a name is what a file of it becomes.
    static let all = [
        GGUFArchitecture("llama", "llama", interleavesHeads: true, biased: everything),
        GGUFArchitecture("mistral", "llama", interleavesHeads: true),
        GGUFArchitecture("mixtral", "llama", interleavesHeads: true),
        GGUFArchitecture("qwen2", "qwen2", biased: queriesKeysValues),
        GGUFArchitecture("qwen2_moe", "qwen2moe", biased: queriesKeysValues, needsHead: true),
        GGUFArchitecture("qwen3", "qwen3"),
        GGUFArchitecture("qwen3_moe", "qwen3moe"),
        GGUFArchitecture("gemma", "gemma", normOffset: 1),
        GGUFArchitecture(
            "gemma2", "gemma2",
            modules: [
                "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                "post_feedforward_layernorm": "post_ffw_norm",
            ], normOffset: 1),
        GGUFArchitecture("phi3", "phi3"),
        GGUFArchitecture("glm", "chatglm", biased: queriesKeysValues, needsHead: true),
        GGUFArchitecture(
            "glm4", "glm4",
            modules: [
                "post_self_attn_layernorm": "post_attention_norm", "post_mlp_layernorm": "post_ffw_norm",
            ], biased: queriesKeysValues),
    ]

    static func of(modelType: String) throws -> GGUFArchitecture {
        guard let found = all.first(where: { $0.modelType == modelType }) else {
            throw ModelConfigurationError.unsupported(
                key: "model_type", value: modelType, supported: all.map(\.modelType), file: "a GGUF file")
        }
        return found
    }

    /// The modules of a layer that families name alike.
    private static let modules = [
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv",
        "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up", "mlp.gate": "ffn_gate_inp",
        "block_sparse_moe.gate": "ffn_gate_inp", "mlp.shared_expert.gate_proj": "ffn_gate_shexp",
        "mlp.shared_expert.up_proj": "ffn_up_shexp", "mlp.shared_expert.down_proj": "ffn_down_shexp",
        "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
    ]
    private static let outerModules = [
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    ]
    private static let expertMatrices = [
        "gate_proj": "ffn_gate_exps", "up_proj": "ffn_up_exps", "down_proj": "ffn_down_exps", "w1": "ffn_gate_exps",
        "w3": "ffn_up_exps", "w2": "ffn_down_exps",
    ]

    /// Where a tensor lies in a GGUF file.
    struct Place: Hashable {
        /// `blk.0.attn_q`
        var module: String
        /// `weight` or `bias`
        var kind: String
        /// Which of the experts that share a tensor.
        var expert: Int?

        var name: String { "\(module).\(kind)" }
        /// `attn_q`
        var part: String { module.split(separator: ".").last.map(String.init) ?? module }
    }

    /// The place of a tensor of a checkpoint; nil for one that has none.
    func place(of tensor: String) -> Place? {
        let parts = tensor.split(separator: ".").map(String.init)
        guard let kind = parts.last, kind == "weight" || kind == "bias" else { return nil }
        let path = parts.dropLast().joined(separator: ".")
        if let module = Self.outerModules[path] { return Place(module: module, kind: kind) }
        guard parts.count > 4, parts[0] == "model", parts[1] == "layers", let layer = Int(parts[2]) else { return nil }
        let inner = parts[3..<parts.count - 1]
        if let module = ownModules[inner.joined(separator: ".")] ?? Self.modules[inner.joined(separator: ".")] {
            return Place(module: "blk.\(layer).\(module)", kind: kind)
        }
        guard inner.count == 4, inner[inner.startIndex + 1] == "experts", let expert = Int(parts[5]),
            let matrix = Self.expertMatrices[parts[6]]
        else { return nil }
        return Place(module: "blk.\(layer).\(matrix)", kind: kind, expert: expert)
    }

    /// The row of a checkpoint's tensor that comes to a row of the file; nil where rows stay.
    func rowOrder(_ place: Place, _ configuration: ModelConfiguration) -> ((Int) -> Int)? {
        guard interleaves(place) else { return nil }
        let (size, half) = (configuration.headSize, configuration.headSize / 2)
        return { row in row / size * size + row % 2 * half + row % size / 2 }
    }

    /// The row of a file's tensor that comes to a row of the checkpoint; nil where rows stay.
    func originalRowOrder(_ place: Place, _ configuration: ModelConfiguration) -> ((Int) -> Int)? {
        guard interleaves(place) else { return nil }
        let (size, half) = (configuration.headSize, configuration.headSize / 2)
        return { row in row / size * size + row % half * 2 + row % size / half }
    }

    private func interleaves(_ place: Place) -> Bool {
        interleavesHeads && (place.part == "attn_q" || place.part == "attn_k")
    }
}
