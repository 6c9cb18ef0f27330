package import JSONDocuments

/// What `trainer_state.json` holds: how far a run has come and everything it has logged.
package struct TrainerState: Equatable, Sendable {
    package var step = 0
    package var totalSteps = 0
    package var epoch = 0.0
    /// Epochs that are begun in the whole run.
    package var epochs = 0
    package var loggingSteps = 0
    /// Nil when the run does not evaluate by steps; the reference then writes its default.
    package var evaluationSteps: Int?
    package var saveSteps = 0
    package var trainBatchSize = 0
    package var inputTokensSeen = 0
    package var totalFlops = 0.0
    package var bestMetric: Double?
    package var bestStep: Int?
    /// Path as it was written, which names the output directory as the user gave it.
    package var bestCheckpoint: String?
    /// Nil when nothing but the number of steps ends the run.
    package var earlyStopping: EarlyStopping?
    /// All records so far, each with its `step`.
    package var logHistory: [JSONObject] = []

    package init() {}
}

extension TrainerState {
    package static let fileName = "trainer_state.json"

    /// Under the reference's keys, sorted.
    package var json: JSONValue {
        func orNull(_ value: JSONValue?) -> JSONValue { value ?? .null }
        return [
            "best_global_step": orNull(bestStep.map { .integer(Int64($0)) }),
            "best_metric": orNull(bestMetric.map { .number($0) }),
            "best_model_checkpoint": orNull(bestCheckpoint.map { .string($0) }),
            "epoch": .number(epoch),
            "eval_steps": .integer(Int64(evaluationSteps ?? 500)),
            "global_step": .integer(Int64(step)),
            "is_hyper_param_search": false,
            "is_local_process_zero": true,
            "is_world_process_zero": true,
            "log_history": .array(logHistory.map { .object($0) }),
            "logging_steps": .integer(Int64(loggingSteps)),
            "max_steps": .integer(Int64(totalSteps)),
            "num_input_tokens_seen": .integer(Int64(inputTokensSeen)),
            "num_train_epochs": .integer(Int64(epochs)),
            "save_steps": .integer(Int64(saveSteps)),
            "stateful_callbacks": callbacks,
            "total_flos": .number(totalFlops),
            "train_batch_size": .integer(Int64(trainBatchSize)),
            "trial_name": .null,
            "trial_params": .null,
        ]
    }

    private var callbacks: JSONValue {
        var callbacks: JSONObject = [
            "TrainerControl": [
                "args": [
                    "should_epoch_stop": false, "should_evaluate": false, "should_log": false,
                    "should_save": true, "should_training_stop": .bool(step >= totalSteps || endsEarly),
                ],
                "attributes": [:],
            ]
        ]
        callbacks[EarlyStopping.name] = earlyStopping?.json
        return .object(callbacks)
    }

    /// Whether evaluations have ended the run.
    package var endsEarly: Bool { earlyStopping?.endsRun ?? false }

    package var bytes: [UInt8] { json.serializedBytes(.indented(2), sortedKeys: true) + [UInt8(ascii: "\n")] }

    /// Reads a state; keys that are missing keep their defaults, as older programs wrote fewer.
    package init(_ json: JSONValue, path: String) throws {
        guard let step = json["global_step"]?.integer, let history = json["log_history"]?.array else {
            throw CheckpointError.damaged(
                path: path, problem: "\(Self.fileName) lacks `global_step` or `log_history`")
        }
        self.step = Int(step)
        logHistory = history.compactMap(\.object)
        totalSteps = Int(json["max_steps"]?.integer ?? 0)
        epoch = json["epoch"]?.double ?? 0
        epochs = Int(json["num_train_epochs"]?.integer ?? 0)
        loggingSteps = Int(json["logging_steps"]?.integer ?? 0)
        evaluationSteps = json["eval_steps"]?.integer.map(Int.init)
        saveSteps = Int(json["save_steps"]?.integer ?? 0)
        trainBatchSize = Int(json["train_batch_size"]?.integer ?? 0)
        inputTokensSeen = Int(json["num_input_tokens_seen"]?.integer ?? 0)
        totalFlops = json["total_flos"]?.double ?? 0
        bestMetric = json["best_metric"]?.double
        bestStep = json["best_global_step"]?.integer.map(Int.init)
        bestCheckpoint = json["best_model_checkpoint"]?.string
        earlyStopping = EarlyStopping(json["stateful_callbacks"]?[EarlyStopping.name])
    }

    /// Drops records of steps after `step`, as a resumed run will make them again.
    package mutating func cutHistory(after step: Int) {
        logHistory.removeAll { ($0["step"]?.integer).map { Int($0) > step } ?? false }
    }
}
