import RunConfiguration
import Testing

struct DerivedSettingTests {
    /// Without `bf16` nothing is less exact than float32; with it what the processor is fastest at.
    @Test(arguments: [
        ("", true, "highest"), ("bf16: true", true, "medium"), ("bf16: true", false, "highest"),
        ("matmul_precision: auto", true, "highest"), ("bf16: true\nmatmul_precision: high", true, "high"),
        ("matmul_precision: medium", false, "medium"), ("bf16: true\nmatmul_precision: highest", true, "highest"),
    ])
    func precisionIsDecidedFromBF16AndTheProcessor(lines: String, hasTiles: Bool, expected: String) throws {
        let configuration = try RunConfiguration.parse(yaml: "model_name_or_path: m\n" + lines, name: "c.yaml")
        #expect(configuration.matmulPrecisionInEffect(hasTiles: hasTiles) == expected)
    }

    @Test(arguments: [
        ("", true), ("disable_gradient_checkpointing: false", false), ("disable_gradient_checkpointing: true", false),
        ("gradient_checkpointing: true", false), ("gradient_checkpointing: false", false), ("bf16: true", true),
    ])
    func recomputationIsLeftOpenWhereNobodySaysAnything(line: String, isOpen: Bool) throws {
        let configuration = try RunConfiguration.parse(yaml: "model_name_or_path: m\n" + line, name: "c.yaml")
        #expect(configuration.leavesRecomputationOpen == isOpen)
    }
}
