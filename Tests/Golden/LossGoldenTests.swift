import Testing

/// Runs with losses other than cross-entropy.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct LossGoldenTests {
    @Test(arguments: [("loss-dft", "adapter_model.safetensors"), ("loss-asft", "model.safetensors")])
    func agreesWithReference(name: String, weights: String) throws {
        let run = try GoldenRun(name)
        try run.perform()
        try run.expectSameHistory()
        try run.expectSameWeights(weights)
    }
}
