import Adapters
import JSONDocuments
import Testing

@Suite struct AdapterConfigurationTests {
    @Test func absentKeysTakeThePEFTDefaults() throws {
        let read = try AdapterConfiguration(["target_modules": ["q_proj"], "from_the_future": 1])
        #expect(read.rank == 8 && read.alpha == 8 && read.dropout == 0 && !read.usesRankStabilization)
        #expect(read.targetModules == .names(["q_proj"]))
    }

    /// A key of a later PEFT may change what the adapter computes.
    @Test func unknownKeysThatSaySomethingAreTold() throws {
        let read = try AdapterConfiguration([
            "target_modules": ["q_proj"], "use_new": true, "new_size": 3, "use_other": false, "other": .null,
            "list": [], "object": [:],
        ])
        #expect(read.warnings.count == 2)
        #expect(read.warnings[0].contains("'use_new' is true") && read.warnings[1].contains("'new_size' is 3"))
    }

    @Test func scaling() {
        let plain = AdapterConfiguration(baseModel: nil, rank: 2, alpha: 4, targetModules: .names(["x"]))
        #expect(plain.scaling(rank: 2, alpha: 4) == 2)
        let stabilized = AdapterConfiguration(
            baseModel: nil, rank: 2, alpha: 4, targetModules: .names(["x"]), usesRankStabilization: true)
        #expect(abs(stabilized.scaling(rank: 2, alpha: 4) - 2.82842712474619) < 1e-14)
    }

    @Test(arguments: [
        (#"{"peft_type":"IA3","target_modules":["q"]}"#, "IA3"),
        (#"{"bias":"all","target_modules":["q"]}"#, "bias"),
        (#"{"modules_to_save":"lm_head","target_modules":["q"]}"#, "modules_to_save"),
        (#"{"fan_in_fan_out":true,"target_modules":["q"]}"#, "fan_in_fan_out"),
        (#"{"r":0,"target_modules":["q"]}"#, "'r'"), (#"{"r":1e9,"target_modules":["q"]}"#, "'r'"),
        (#"{"r":2}"#, "target_modules"), (#"{"r":2,"target_modules":7}"#, "target_modules"),
        (#"{"lora_dropout":1.0,"target_modules":["q"]}"#, "lora_dropout"),
        (#"{"rank_pattern":{"q":-1},"target_modules":["q"]}"#, "rank_pattern"),
        (#"[]"#, "an object"),
        (#"{"init_lora_weights":"pissa","target_modules":["q"]}"#, "'init_lora_weights' is \"pissa\""),
        (#"{"init_lora_weights":"pissa_niter_16","target_modules":["q"]}"#, "pissa_niter_16"),
        (#"{"init_lora_weights":"olora","target_modules":["q"]}"#, "olora"),
        (#"{"init_lora_weights":"corda","target_modules":["q"]}"#, "corda"),
        (#"{"init_lora_weights":"loftq","loftq_config":{"loftq_bits":4},"target_modules":["q"]}"#, "loftq"),
        (#"{"init_lora_weights":3,"target_modules":["q"]}"#, "init_lora_weights"),
        (#"{"layer_replication":[[0,2],[1,3]],"target_modules":["q"]}"#, "layer_replication"),
        (#"{"arrow_config":{"top_k":3},"target_modules":["q"]}"#, "arrow_config"),
        (#"{"megatron_config":{"a":1},"target_modules":["q"]}"#, "megatron_config"),
        (
            #"{"ensure_weight_tying":true,"modules_to_save":["embed_tokens"],"target_modules":["q"]}"#,
            "ensure_weight_tying"
        ),
    ])
    func refusedByName(text: String, mentioned: String) throws {
        let error = try #require(throws: AdapterError.self) {
            try AdapterConfiguration(JSONValue(parsing: text))
        }
        #expect(error.description.contains(mentioned))
    }

    /// Starts that leave the base alone change nothing of a trained adapter.
    @Test(arguments: ["true", "false", "null", #""gaussian""#, #""eva""#, #""orthogonal""#])
    func startsThatKeepTheBase(start: String) throws {
        let text = #"{"init_lora_weights":\#(start),"target_modules":["q"]}"#
        #expect(try AdapterConfiguration(JSONValue(parsing: text)).rank == 8)
    }

    @Test func everyKeyOfPEFTIsWritten() throws {
        let written = AdapterConfiguration(
            baseModel: "base", rank: 8, alpha: 16, dropout: 0.1, targetModules: .names(["q_proj", "v_proj"])
        ).json
        #expect(written.object?.count == 36)
        #expect(written["lora_alpha"] == 16 && written["lora_dropout"] == 0.1 && written["task_type"] == "CAUSAL_LM")
    }
}
