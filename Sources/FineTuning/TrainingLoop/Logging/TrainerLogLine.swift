package import JSONDocuments

/// A line of `trainer_log.jsonl` (training-and-inference, 1.20).
package struct TrainerLogLine: Equatable {
    var step: Int
    var totalSteps: Int
    var loss: Double?
    var evaluationLoss: Double?
    /// How often the preferred answer has the higher reward.
    var accuracy: Double?
    var learningRate: Double?
    var epoch: Double?
    var elapsed: Double
    var remaining: Double
    /// Present when tokens are counted.
    package var tokens: (total: Int, perSecond: Double)?

    package init(record: JSONObject, step: Int, totalSteps: Int, elapsed: Double, remaining: Double) {
        self.step = step
        self.totalSteps = totalSteps
        loss = record["loss"]?.double
        evaluationLoss = record["eval_loss"]?.double
        accuracy = record["rewards/accuracies"]?.double
        learningRate = record["learning_rate"]?.double
        epoch = record["epoch"]?.double
        self.elapsed = elapsed
        self.remaining = remaining
    }

    /// Fields in the reference's order; absent ones are left out.
    package var json: JSONValue {
        var object: JSONObject = [
            "current_steps": .integer(Int64(step)), "total_steps": .integer(Int64(totalSteps)),
        ]
        object["loss"] = loss.map { .number($0) }
        object["eval_loss"] = evaluationLoss.map { .number($0) }
        object["accuracy"] = accuracy.map { .number($0) }
        object["lr"] = learningRate.map { .number($0) }
        object["epoch"] = epoch.map { .number($0) }
        object["percentage"] =
            totalSteps == 0
            ? .integer(100) : .number((Double(step) / Double(totalSteps) * 100).rounded(decimals: 2))
        object["elapsed_time"] = .string(Durations.clock(elapsed))
        object["remaining_time"] = .string(Durations.clock(remaining))
        if let tokens {
            object["throughput"] = .number(tokens.perSecond.rounded(decimals: 2))
            object["total_tokens"] = .integer(Int64(tokens.total))
        }
        return .object(object)
    }

    package static func == (left: TrainerLogLine, right: TrainerLogLine) -> Bool { left.json == right.json }
}
