import JSONDocuments
import Testing
import TrainingLoop

/// Runs that train rotations.
struct OFTRunTests {
    private func weights(_ overrides: [String]) throws -> [UInt8] {
        let fixture = RunFixture()
        try fixture.run("sft-oft", ["max_steps=2"] + overrides)
        return try fixture.bytes("adapter_model.safetensors")
    }

    @Test func everyParameterActs() throws {
        let expected = try weights([])
        #expect(try weights(["oft_block_size=4"]) != expected)
        #expect(try weights(["oft_block_size=0", "oft_rank=2"]) != expected)
        #expect(try weights(["module_dropout=0.5"]) != expected)
        #expect(try weights(["additional_target=null"]) != expected)
    }

    /// Without `oft_target` the reference's reading of `lora_target` holds.
    @Test func targets() throws {
        let fixture = RunFixture()
        try fixture.run("sft-oft", ["max_steps=1", "oft_target=up_proj", "lora_target=up_proj"])
        #expect(try fixture.json("adapter_config.json")["target_modules"]?.array == ["up_proj"])
        #expect(try weights(["lora_target=up_proj"]) == weights(["lora_target=up_proj", "oft_target=up_proj"]))
        #expect(try weights(["oft_target=up_proj"]) == weights(["lora_target=up_proj", "oft_target=up_proj"]))
        #expect(throws: (any Error).self) { try weights(["lora_target=embed_tokens"]) }
    }

    @Test func layersThatCannotBeDividedAreTold() throws {
        var notes: [String] = []
        let fixture = RunFixture()
        try fixture.run("sft-oft", ["max_steps=1", "oft_block_size=10"]) {
            if case .note(let text) = $0 { notes.append(text) }
        }
        #expect(notes.contains { $0.contains("4 layers cannot be divided") && $0.contains("2 blocks of 8") })
    }

    @Test func resumingChangesNoBit() throws {
        let (whole, resumed) = (RunFixture(), RunFixture())
        let settings = ["max_steps=4", "save_strategy=steps", "save_steps=1", "module_dropout=0.5"]
        try whole.run("sft-oft", settings)
        try resumed.run("sft-oft", settings + ["resume_from_checkpoint=\(whole.output)/checkpoint-2"])
        #expect(try resumed.bytes("adapter_model.safetensors") == whole.bytes("adapter_model.safetensors"))
    }
}
