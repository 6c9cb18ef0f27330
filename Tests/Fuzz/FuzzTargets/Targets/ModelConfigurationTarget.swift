import JSONDocuments
import LanguageModels
import Tensors

/// A model's config.json: refused by name, or one that is read the same after it is saved, and that a model can be built
/// and run from where it is small.
struct ModelConfigurationTarget: FuzzTarget {
    static let name = "model-configuration"
    static let tokens = [
        "\"num_hidden_layers\":", "\"head_dim\":", "\"rope_scaling\":", "\"rope_parameters\":", "\"rope_theta\":",
        "\"factor\":", "\"layer_types\":", "\"sliding_attention\"", "\"num_experts\":", "\"longrope\"", "\"yarn\"",
        "1e-320", "1e308", "-0.0", "1073741824",
    ]

    private static let shared = """
        "vocab_size":32,"hidden_size":16,"intermediate_size":24,"num_hidden_layers":2,"num_attention_heads":4,
        "num_key_value_heads":2,"max_position_embeddings":64
        """
    private static let families = [
        #""model_type":"llama","attention_bias":true,"mlp_bias":true,"rope_theta":5e5"#,
        #""model_type":"llama","architectures":["LlamaMoDForCausalLM"]"#,
        #""model_type":"mistral","sliding_window":4,"head_dim":8"#,
        #""model_type":"mixtral","num_local_experts":3,"num_experts_per_tok":2,"output_router_logits":true"#,
        #""model_type":"qwen2","use_sliding_window":true,"sliding_window":4,"max_window_layers":1"#,
        """
        "model_type":"qwen2_moe","num_experts":3,"num_experts_per_tok":2,"moe_intermediate_size":8,
        "shared_expert_intermediate_size":8,"mlp_only_layers":[0]
        """,
        #""model_type":"qwen3","head_dim":8,"layer_types":["full_attention","full_attention"]"#,
        """
        "model_type":"qwen3_moe","head_dim":8,"num_experts":3,"num_experts_per_tok":2,"moe_intermediate_size":8,
        "decoder_sparse_step":1,"norm_topk_prob":true
        """,
        #""model_type":"gemma","head_dim":8,"hidden_activation":"gelu_pytorch_tanh""#,
        #""model_type":"gemma2","head_dim":8,"query_pre_attn_scalar":8,"final_logit_softcapping":5"#,
        """
        "model_type":"gemma3_text","head_dim":8,"sliding_window":4,"sliding_window_pattern":2,
        "rope_local_base_freq":1e4,"rope_parameters":{"full_attention":{"rope_type":"linear","factor":2.0},
        "sliding_attention":{"rope_type":"default","rope_theta":1e4}}
        """,
        """
        "model_type":"phi3","original_max_position_embeddings":32,"rope_scaling":{"type":"longrope",
        "short_factor":[1,1.5],"long_factor":[2,3]}
        """,
        #""model_type":"glm","head_dim":8,"partial_rotary_factor":0.5"#,
        #""model_type":"glm4","head_dim":8,"partial_rotary_factor":0.5"#,
        """
        "model_type":"llama","rope_scaling":{"rope_type":"llama3","factor":8,"low_freq_factor":1,
        "high_freq_factor":4,"original_max_position_embeddings":32}
        """,
        #""model_type":"llama","rope_scaling":{"rope_type":"yarn","factor":2,"mscale":1,"mscale_all_dim":0.5}"#,
        #""model_type":"llama","rope_scaling":{"type":"dynamic","factor":2}"#,
    ]
    static var seeds: [[UInt8]] { families.map { Array("{\(shared),\($0)}".utf8) } }

    private static let values: [JSONValue] = [
        0, 1, -1, 2, 3, 7, 65_536, 1_073_741_824, .integer(.max), .integer(.min), 0.5, -0.5,
        .number(.leastNonzeroMagnitude), 1e-40, 1e40, 1e308,
        .null, true, false, "", "default", "full_attention", [], [0], [1, 2, 3], ["sliding_attention"], [:],
    ]

    /// A family's configuration with up to three values exchanged, also inside of its objects.
    func generate(_ random: inout Randomness) throws -> [UInt8]? {
        guard !random.oneIn(4), let seed = random.element(Self.seeds) else { return nil }
        var object = try JSONValue(parsing: seed).object ?? [:]
        for _ in 0..<random.below(4) {
            guard let entry = random.element(Array(object)), let value = random.element(Self.values) else { continue }
            guard var inner = entry.value.object, !random.oneIn(4), let own = random.element(Array(inner)) else {
                object[entry.key] = value
                continue
            }
            inner[own.key] = value
            object[entry.key] = .object(inner)
        }
        return JSONValue.object(object).serializedBytes(.compact)
    }

    func take(_ input: [UInt8]) throws {
        let configuration = try ModelConfiguration(JSONValue(parsing: input))
        let again = try ModelConfiguration(configuration.saved(weightFormat: .float32))
        guard again.rotary == configuration.rotary, again.localRotary == configuration.localRotary,
            again.slidingWindows == configuration.slidingWindows
        else { throw BrokenPromise("what was saved is read otherwise") }
        guard Self.isSmall(configuration) else { return }
        let model = try DecoderModel.initialized(configuration, seed: 1)
        let tokens = (0..<12).map { Int32($0 % configuration.vocabularySize) }
        guard try model.tokenLogProbabilities([tokens])[0].count == 11 else {
            throw BrokenPromise("a token has no log-probability")
        }
    }

    private static func isSmall(_ configuration: ModelConfiguration) -> Bool {
        let sizes = [
            configuration.vocabularySize, configuration.hiddenSize, configuration.intermediateSize,
            configuration.heads * configuration.headSize, configuration.layerCount * 16,
        ]
        let experts = ["num_experts", "num_local_experts", "moe_intermediate_size", "shared_expert_intermediate_size"]
        return sizes.allSatisfy { $0 <= 128 }
            && experts.allSatisfy { (configuration.source[$0]?.integer ?? 128) <= 64 }
    }

    static func isExpected(_ error: any Error) -> Bool { error is ModelConfigurationError || error is JSONError }
}
