/// Rows of the group `freeze`.
extension Parameters {
    package static let freezeTrainableLayers = Parameter<Int>(
        "freeze_trainable_layers", .freeze, default: 2,
        help: "Decoder layers to train: the last n, or the first n when negative.",
        .acts(test: "TrainingLoopTests/TuningMethodTests"))
    package static let freezeTrainableModules = Parameter<[String]>(
        "freeze_trainable_modules", .freeze, default: ["all"],
        help: "Parts of those layers to train; all means the whole layer.",
        .acts(test: "TrainingLoopTests/TuningMethodTests"))
    package static let freezeExtraModules = Parameter<[String]?>(
        "freeze_extra_modules", .freeze, default: nil,
        help: "Modules outside the layers to train as well, such as embed_tokens or lm_head.",
        .acts(test: "TrainingLoopTests/TuningMethodTests"))

    static let freezeRows: [ParameterDescription] = [
        freezeTrainableLayers.description, freezeTrainableModules.description, freezeExtraModules.description,
    ]
}
