import Foundation
import JSONDocuments
import LanguageModels
import Tensors
import Testing

@Suite struct ModelConfigurationTests {
    static let minimum = """
        "vocab_size":97,"hidden_size":32,"intermediate_size":48,"num_hidden_layers":3,"num_attention_heads":4
        """

    func configuration(_ keys: String) throws -> ModelConfiguration {
        try ModelConfiguration(JSONValue(parsing: "{\(Self.minimum),\(keys)}"))
    }

    @Test func familyDefaults() throws {
        let llama = try configuration(#""model_type":"llama""#)
        #expect(llama.keyValueHeads == 4 && llama.headSize == 8 && llama.normEpsilon == 1e-6)
        #expect(llama.rotary.theta == 10000 && llama.rotary.scaling == .none && !llama.tiesEmbeddings)
        #expect(llama.maximumPositions == 2048)
        func biases(_ configuration: ModelConfiguration) throws -> [String] {
            try DecoderModel.initialized(configuration, seed: 0).tensors.map(\.name).filter { $0.hasSuffix(".bias") }
        }
        #expect(try biases(llama).isEmpty)
        let first = try Array(biases(configuration(#""model_type":"qwen2""#)).prefix(3))
        #expect(first == ["q", "k", "v"].map { "model.layers.0.self_attn.\($0)_proj.bias" })
        let biased = try configuration(#""model_type":"llama","attention_bias":true,"mlp_bias":true"#)
        #expect(try biases(biased).count == 7 * biased.layerCount)
    }

    @Test func bothSpellingsOfRopeAndType() throws {
        let old = try configuration(
            """
            "model_type":"llama","torch_dtype":"bfloat16","rope_theta":5e5,"rope_scaling":{"rope_type":"llama3",
            "factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}
            """)
        let new = try configuration(
            """
            "model_type":"llama","dtype":"bfloat16","rope_parameters":{"rope_type":"llama3","rope_theta":5e5,
            "factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}
            """)
        #expect(old.rotary == new.rotary && old.rotary.theta == 5e5)
        #expect(old.weightFormat == .bfloat16 && new.weightFormat == .bfloat16)
        #expect(old.rotary.scaling == .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, originalPositions: 32))
        let oldest = try configuration(#""model_type":"llama","rope_scaling":{"type":"dynamic","factor":2.0}"#)
        #expect(oldest.rotary.scaling == .dynamic(factor: 2))
    }

    /// Transformers 4 and 5 agree that `rope_scaling` decides; they forget the other object's `rope_theta`.
    @Test func scalingBesideParameters() throws {
        let yarn = #""rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":64"#
        let parameters = #""rope_parameters":{"rope_type":"default","rope_theta":5e5}"#
        let alone = try configuration(#""model_type":"qwen2","rope_theta":5e5,\#(yarn)}"#)
        for both in [
            #""rope_theta":5e5,\#(parameters),\#(yarn)}"#, #"\#(parameters),\#(yarn),"rope_theta":5e5}"#,
            #""rope_theta":5e5,"rope_parameters":{},\#(yarn)}"#,
        ] {
            #expect(try configuration(#""model_type":"qwen2",\#(both)"#).rotary == alone.rotary)
        }
        #expect(alone.rotary.theta == 5e5 && alone.rotary.scaling != .none)
        let empty = try configuration(#""model_type":"qwen2","rope_scaling":{},\#(parameters)"#)
        #expect(empty.rotary.theta == 5e5 && empty.rotary.scaling == .none)
        let nested = try configuration(
            #""model_type":"llama","rope_scaling":{"type":"linear","factor":2.0,"rope_theta":7}"#)
        #expect(nested.rotary.theta == 7)
    }

    @Test func slidingWindowsOfQwen2() throws {
        let off = try configuration(#""model_type":"qwen2","sliding_window":7,"max_window_layers":1"#)
        #expect(off.slidingWindows == [nil, nil, nil])
        let on = try configuration(
            #""model_type":"qwen2","use_sliding_window":true,"sliding_window":7,"max_window_layers":1"#)
        #expect(on.slidingWindows == [nil, 7, 7] && on.attention(layer: 2).slidingWindow == 7)
        let listed = try configuration(
            """
            "model_type":"qwen2","use_sliding_window":true,"sliding_window":7,
            "layer_types":["sliding_attention","full_attention","full_attention"]
            """)
        #expect(listed.slidingWindows == [7, nil, nil])
        let familys = try configuration(
            #""model_type":"qwen2","use_sliding_window":true,"max_window_layers":2"#)
        #expect(familys.slidingWindows == [nil, nil, 4096])
        let null = try configuration(#""model_type":"qwen2","use_sliding_window":true,"sliding_window":null"#)
        #expect(null.slidingWindows == [nil, nil, nil])
    }

    @Test func endTokensAreOneOrSeveral() throws {
        #expect(try configuration(#""model_type":"llama","eos_token_id":2"#).endTokens == [2])
        #expect(try configuration(#""model_type":"llama","eos_token_id":[5,6]"#).endTokens == [5, 6])
        #expect(try configuration(#""model_type":"llama","eos_token_id":null"#).endTokens == [])
        let absent = try configuration(#""model_type":"llama""#)
        #expect(absent.endTokens == [2] && absent.beginToken == 1 && absent.paddingToken == nil)
        let negative = try configuration(#""model_type":"llama","pad_token_id":-1"#)
        #expect(negative.paddingRow == 96 && absent.paddingRow == nil)
        #expect(try configuration(#""model_type":"llama","pad_token_id":97"#).paddingRow == nil)
        let gemma = try configuration(
            #""model_type":"gemma","num_key_value_heads":4,"eos_token_id":null"#)
        #expect(gemma.endTokens == [] && gemma.beginToken == 2 && gemma.paddingToken == 0)
        let none = try configuration(#""model_type":"qwen2""#)
        #expect(none.endTokens == [] && none.beginToken == nil)
    }

    @Test(arguments: [
        (#""model_type":"mamba""#, "llama, mistral, mixtral, qwen2"), (#""no_type":1"#, "model_type"),
        (#""model_type":"llama","hidden_act":"gelu""#, "gelu"),
        (#""model_type":"llama","rope_scaling":{"rope_type":"proportional","factor":2.0}"#, "proportional"),
        (#""model_type":"llama","rope_scaling":{"rope_type":"linear"}"#, "factor"),
        (#""model_type":"llama","num_key_value_heads":3"#, "num_key_value_heads"),
        (#""model_type":"llama","num_key_value_heads":0"#, "num_key_value_heads"),
        (#""model_type":"llama","head_dim":7"#, "head_dim"),
        (#""model_type":"llama","rms_norm_eps":"small""#, "rms_norm_eps"),
        (#""model_type":"llama","max_position_embeddings":1e30"#, "max_position_embeddings"),
        (#""model_type":"llama","quantization_config":{"quant_method":"aqlm"}"#, "aqlm"),
        (#""model_type":"llama","quantization_config":{"quant_method":"gptq"}"#, "bits"),
        (#""model_type":"llama","rope_parameters":{"partial_rotary_factor":0.5}"#, "partial_rotary_factor"),
        (
            #""model_type":"llama","partial_rotary_factor":0.5,"rope_parameters":{"rope_type":"default"}"#,
            "partial_rotary_factor"
        ),
        (
            #""model_type":"llama","rope_parameters":{"rope_theta":5e5},"rope_scaling":{"type":"linear","factor":2.0}"#,
            "'rope_theta' must be given in 'rope_scaling' too"
        ),
        (
            #""model_type":"llama","rope_theta":1e4,"rope_parameters":{"rope_theta":5e5}"#,
            "'rope_theta' must be the same"
        ),
        (
            #""model_type":"llama","rope_parameters":{"rope_type":"linear","factor":4.0},"rope_scaling":"#
                + #"{"type":"linear","factor":2.0}"#, "'rope_scaling' must be the only scaling"
        ),
        (#""model_type":"llama","rope_parameters":{"full_attention":{"rope_theta":5e5}}"#, "full_attention"),
        (
            #""model_type":"llama","original_max_position_embeddings":32,"rope_scaling":{"type":"yarn","factor":2.0,"#
                + #""original_max_position_embeddings":64}"#, "original_max_position_embeddings"
        ),
        (
            #""model_type":"qwen2","layer_types":["full_attention","sliding_attention","full_attention"]"#,
            "use_sliding_window"
        ),
        (#""model_type":"llama","is_causal":false"#, "is_causal"),
        (
            #""model_type":"gemma","num_key_value_heads":4,"use_bidirectional_attention":true"#,
            "use_bidirectional_attention"
        ),
        (#""model_type":"llama","pruned_heads":{"0":[1]}"#, "pruned_heads"),
    ])
    func refusedByName(keys: String, mentioned: String) throws {
        let error = try #require(throws: ModelConfigurationError.self) { try configuration(keys) }
        #expect(error.description.contains(mentioned))
    }

    /// Whichever version of transformers wrote the file, and whichever reads it after us.
    @Test func savedFilesMeanTheSame() throws {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures").path
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name)/config.json") else { continue }
            let configuration = try ModelConfiguration(directory: "\(folder)/\(name)")
            let saved = configuration.saved(weightFormat: .float32)
            var (older, newer) = (saved, saved)
            older["rope_parameters"] = nil
            for key in ["rope_scaling", "rope_theta", "rope_local_base_freq", "partial_rotary_factor"] {
                newer[key] = nil
            }
            for file in [saved, older, newer] {
                let again = try ModelConfiguration(file)
                #expect(again.rotary == configuration.rotary, "\(name)")
                #expect(again.localRotary == configuration.localRotary, "\(name)")
                #expect(again.slidingWindows == configuration.slidingWindows, "\(name)")
                #expect(again.tiesEmbeddings == configuration.tiesEmbeddings, "\(name)")
            }
        }
    }

    @Test(arguments: [
        (#""attention_dropout":0.1"#, "'attention_dropout' is 0.1"),
        (#""auto_map":{"AutoModelForCausalLM":"code.Model"}"#, "'auto_map'"),
        (#""rope_scaling":{"type":"linear","factor":2.0,"finetuned":true}"#, "'finetuned' of 'rope_scaling'"),
        (#""rope_parameters":{"rope_type":"default","factor":2.0}"#, "'factor' of 'rope_parameters'"),
    ])
    func whatIsNotFollowedIsSaid(keys: String, mentioned: String) throws {
        let warnings = try configuration(#""model_type":"llama",\#(keys)"#).warnings
        #expect(warnings.count == 1 && warnings[0].contains(mentioned), "\(warnings)")
    }

    @Test func keysThatChangeNothingAreSilent() throws {
        let neutral = try configuration(
            """
            "model_type":"llama","attention_dropout":0,"auto_map":null,"is_causal":true,"pruned_heads":{},
            "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":32},"use_cache":true,"pretraining_tp":2
            """)
        #expect(neutral.warnings.isEmpty)
    }

    @Test func savingKeepsUnknownKeysAndBothSpellings() throws {
        let fixture = try Fixture("llama-transformers4")
        let configuration = try ModelConfiguration(directory: fixture.directory)
        let saved = configuration.saved(weightFormat: .bfloat16)
        #expect(saved["a_key_nobody_knows"] == ["kept": [1, 2.5]])
        #expect(saved["torch_dtype"] == "bfloat16" && saved["dtype"] == "bfloat16")
        #expect(saved["rope_scaling"]?["rope_type"] == "linear" && saved["rope_theta"] == 10000.0)
        let again = try ModelConfiguration(saved)
        #expect(again.rotary == configuration.rotary && again.weightFormat == .bfloat16)
        var modern = saved
        modern["rope_scaling"] = nil
        modern["rope_theta"] = nil
        #expect(try ModelConfiguration(modern).rotary == configuration.rotary)
    }
}
