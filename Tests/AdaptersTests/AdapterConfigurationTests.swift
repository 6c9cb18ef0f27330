import Adapters
import JSONDocuments
import Testing

@Suite struct AdapterConfigurationTests {
    @Test func absentKeysTakeThePEFTDefaults() throws {
        let read = try AdapterConfiguration(["target_modules": ["q_proj"], "from_the_future": 1])
        let lora = try #require(read.lora)
        #expect(lora.rank == 8 && lora.alpha == 8 && lora.dropout == 0 && !lora.usesRankStabilization)
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
        #expect(LoRA(rank: 2, alpha: 4).scaling(rank: 2, alpha: 4) == 2)
        let stabilized = LoRA(rank: 2, alpha: 4, usesRankStabilization: true)
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
        (#"{"init_lora_weights":"olora","target_modules":["q"]}"#, "'init_lora_weights' is \"olora\""),
        (#"{"init_lora_weights":"corda","target_modules":["q"]}"#, "corda"),
        (#"{"init_lora_weights":"loftq","loftq_config":{"loftq_bits":4},"target_modules":["q"]}"#, "loftq"),
        (#"{"init_lora_weights":3,"target_modules":["q"]}"#, "init_lora_weights"),
        (#"{"layer_replication":[[0,2],[1,3]],"target_modules":["q"]}"#, "layer_replication"),
        (#"{"arrow_config":{"top_k":3},"target_modules":["q"]}"#, "arrow_config"),
        (#"{"megatron_config":{"a":1},"target_modules":["q"]}"#, "megatron_config"),
        (#"{"target_parameters":["q"],"target_modules":["q"]}"#, "target_parameters"),
        (#"{"trainable_token_indices":[1],"target_modules":["q"]}"#, "trainable_token_indices"),
        (#"{"layers_pattern":3,"target_modules":["q"]}"#, "layers_pattern"),
        (#"{"peft_type":"OFT","peft_version":"0.17.1","target_modules":["q"]}"#, "0.17.1"),
        (#"{"peft_type":"OFT","target_modules":["q"]}"#, "peft_version"),
        (#"{"peft_type":"OFT","peft_version":"0.18.1","coft":true,"target_modules":["q"]}"#, "coft"),
        (#"{"peft_type":"OFT","peft_version":"0.18.1","block_share":true,"target_modules":["q"]}"#, "block_share"),
        (
            #"{"peft_type":"OFT","peft_version":"0.18.1","use_cayley_neumann":false,"target_modules":["q"]}"#,
            "use_cayley_neumann"
        ),
        (#"{"peft_type":"OFT","peft_version":"0.18.1","r":4,"target_modules":["q"]}"#, "oft_block_size"),
        (#"{"peft_type":"OFT","peft_version":"0.18.1","module_dropout":1,"target_modules":["q"]}"#, "module_dropout"),
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
