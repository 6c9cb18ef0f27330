import Testing

/// Runs with the trainer's choices of optimizer.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct OptimizerGoldenTests {
    @Test(arguments: ["optim-adamw-args", "full-wd", "optim-sgd-nesterov", "optim-adafactor"])
    func agreesWithReference(name: String) throws {
        let run = try GoldenRun(name)
        try run.perform()
        try run.expectSameHistory()
        try run.expectSameWeights("model.safetensors")
    }
}
