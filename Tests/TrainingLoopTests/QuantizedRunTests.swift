import Foundation
import RunConfiguration
import Testing
import TrainingLoop

/// Runs over a base that is quantized while it is loaded.
struct QuantizedRunTests {
    private func adapter(_ overrides: [String]) throws -> [UInt8] {
        let fixture = RunFixture()
        try fixture.run("sft-lora", ["max_steps=2"] + overrides)
        return try fixture.bytes("adapter_model.safetensors")
    }

    @Test func everyParameterActs() throws {
        let plain = try adapter([])
        let nf4 = try adapter(["quantization_bit=4"])
        #expect(nf4 != plain)
        #expect(try adapter(["quantization_bit=4", "quantization_method=bnb"]) == nf4)
        #expect(try adapter(["quantization_bit=4", "quantization_type=fp4"]) != nf4)
        #expect(try adapter(["quantization_bit=4", "double_quantization=false"]) != nf4)
        let eight = try adapter(["quantization_bit=8"])
        let eetq = try adapter(["quantization_bit=8", "quantization_method=eetq"])
        let hqq = try adapter(["quantization_bit=8", "quantization_method=hqq"])
        #expect(Set([plain, nf4, eight, eetq, hqq]).count == 5)
        #expect(try adapter(["quantization_bit=2", "quantization_method=hqq"]) != hqq)
    }

    /// Recomputed blocks and kept ones, and tiles or none, see the same quantized weights.
    @Test func recomputingChangesNothing() throws {
        for bits in ["quantization_bit=4", "quantization_bit=8"] {
            #expect(
                try adapter([bits, "disable_gradient_checkpointing=true"])
                    == adapter([bits, "disable_gradient_checkpointing=false"]))
        }
    }

    @Test func adaptersOfOtherKinds() throws {
        let plain = try adapter(["quantization_bit=4", "adapter_name_or_path=null"])
        let dora = try adapter(["quantization_bit=4", "adapter_name_or_path=null", "use_dora=true"])
        #expect(dora != plain && dora.count > plain.count)
    }

    /// A plan counts what the codes and scales take, and no more of the file than the rest.
    @Test func planKnowsQuantizedWeights() throws {
        func memory(_ overrides: [String]) throws -> (copied: Int, mapped: Int) {
            let text = try String(
                contentsOfFile: "\(RunFixture.folder)/runs/sft-lora/config.yaml", encoding: .utf8)
            let plan = try RunPlanner(paths: PathResolver(workingDirectory: RunFixture.folder)).plan(
                RunConfiguration.parse(yaml: text, name: "test", overrides: overrides))
            return (plan.memory.copiedWeights, plan.memory.mappedWeights)
        }
        let (plain, four, eight) = (
            try memory([]), try memory(["quantization_bit=4"]), try memory(["quantization_bit=8"])
        )
        #expect(four.mapped < plain.mapped && eight.mapped < plain.mapped)
        #expect(four.copied > 0 && eight.copied > four.copied)
        #expect(four.copied + four.mapped < plain.mapped)
    }
}
