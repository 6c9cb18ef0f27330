import Foundation
import Testing
import TrainingLoop

/// Runs that begin with given adapters.
struct AdapterRunTests {
    private static let fresh = ["create_new_adapter=true", "lora_target=embed_tokens,v_proj", "lora_rank=2"]

    private func weights(_ overrides: [String] = [], notes: ((String) -> Void)? = nil) throws -> [UInt8] {
        let fixture = RunFixture()
        try fixture.run("sft-two", ["max_steps=3"] + overrides) { if case .note(let text) = $0 { notes?(text) } }
        return try fixture.bytes("adapter_model.safetensors")
    }

    /// Which adapters are merged, in which order, which one goes on, and where they lie all matter.
    @Test func everyAdapterActs() throws {
        let expected = try weights()
        let folder = "\(RunFixture.folder)/adapters"
        let inPlace = "adapter_name_or_path=\(folder)/first/inner,\(folder)/second/inner"
        #expect(try weights([inPlace, "adapter_folder=null"]) == expected)
        #expect(try weights(["adapter_name_or_path=adapters/second"]) != expected)
        #expect(try weights(["adapter_name_or_path=adapters/second,adapters/first"]) != expected)
        let merged = try weights(Self.fresh)
        #expect(merged != expected)
        #expect(try weights(Self.fresh + ["adapter_name_or_path=adapters/first"]) != merged)
        #expect(throws: (any Error).self) { try weights(["adapter_folder=elsewhere"]) }
    }

    @Test func whatIsMergedIsTold() throws {
        var notes: [String] = []
        _ = try weights { notes.append($0) }
        #expect(notes.contains { $0.contains("merged the adapter") && $0.hasSuffix("first/inner into the base") })
        #expect(!notes.contains { $0.contains("second/inner into the base") })
        notes = []
        _ = try weights(["lora_rank=7", "use_dora=true"]) { notes.append($0) }
        #expect(notes.contains { $0.contains("`lora_rank` does not act") && $0.contains("3") })
        #expect(notes.contains { $0.contains("`use_dora` does not act") })
    }

    /// LoRA+ gives the embedding's second matrix the rate of its own.
    @Test func theEmbeddingsRateActs() throws {
        let plus = ["loraplus_lr_ratio=4", "loraplus_lr_embedding=0.01"]
        #expect(try weights(plus) != weights(["loraplus_lr_ratio=4"]))
    }

    @Test(arguments: [["lora_dropout=0.2"] + fresh, []]) func resumingChangesNoBit(overrides: [String]) throws {
        let (whole, resumed) = (RunFixture(), RunFixture())
        let settings = ["max_steps=4", "save_strategy=steps", "save_steps=1"] + overrides
        try whole.run("sft-two", settings)
        try resumed.run("sft-two", settings + ["resume_from_checkpoint=\(whole.output)/checkpoint-2"])
        #expect(try resumed.bytes("adapter_model.safetensors") == whole.bytes("adapter_model.safetensors"))
    }
}
