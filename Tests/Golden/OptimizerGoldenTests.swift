import Testing

/// Runs with the trainer's choices of optimizer.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct OptimizerGoldenTests {
    @Test(arguments: [
        "optim-adamw-args", "full-wd", "optim-sgd-nesterov", "optim-adafactor", "optim-lion", "adam-mini", "muon",
        "galore-std-wd", "galore-right", "galore-refresh", "galore-layerwise", "apollo-channel", "badam-descending",
        "badam-wd", "badam-ratio-adjacent",
    ])
    func agreesWithReference(name: String) throws {
        let run = try GoldenRun(name)
        try run.perform()
        try run.expectSameHistory()
        try run.expectSameWeights("model.safetensors")
    }
}
