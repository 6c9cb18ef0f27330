import JSONDocuments
import RunConfiguration
import Testing
import TrainingLoop

/// What `matmul_precision` does to a run's numbers.
@Suite(.serialized) struct PrecisionTests {
    private func losses(_ name: String, _ overrides: [String]) throws -> [Double] {
        let run = RunFixture()
        try run.run(name, overrides + ["max_steps=4", "eval_strategy=no", "load_best_model_at_end=false"])
        return try run.history().compactMap { $0["loss"]?.double }
    }

    /// Two parts stay far inside the bars of the golden runs, one part within two hundredths; both differ from float32.
    @Test(arguments: ["sft-lora", "sft-full"]) func lossesStayNear(name: String) throws {
        let exact = try losses(name, [])
        #expect(exact.count >= 3)
        for (precision, bound) in [("high", 1e-4), ("medium", 2e-2)] {
            let found = try losses(name, ["matmul_precision=\(precision)"])
            #expect(found != exact, "\(precision) acts")
            for (left, right) in zip(found, exact) { #expect(abs(left - right) <= bound * right, "\(precision)") }
        }
    }
}
