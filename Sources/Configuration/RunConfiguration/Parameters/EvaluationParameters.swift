/// Rows of the group `evaluation`.
extension Parameters {
    package static let task = Parameter<String?>(
        "task", .evaluation, default: nil,
        choices: ["mmlu_test", "mmlu_validation", "ceval_validation", "ceval_test", "cmmlu_test"],
        help: "Benchmark and split to evaluate on.",
        .notYet("the benchmark evaluation command"))
    package static let taskDir = Parameter<String>(
        "task_dir", .evaluation, default: "evaluation", path: .folder,
        help: "Folder that holds the benchmarks.",
        .notYet("the benchmark evaluation command"))
    package static let batchSize = Parameter<Int>(
        "batch_size", .evaluation, default: 4, .atLeast(1),
        help: "Questions answered together.",
        .notYet("the benchmark evaluation command"))
    package static let lang = Parameter<String>(
        "lang", .evaluation, default: "en",
        choices: ["en", "zh"],
        help: "Language of the questions.",
        .notYet("the benchmark evaluation command"))
    package static let nShot = Parameter<Int>(
        "n_shot", .evaluation, default: 5, .atLeast(0),
        help: "Solved examples shown before each question.",
        .notYet("the benchmark evaluation command"))
    package static let saveDir = Parameter<String?>(
        "save_dir", .evaluation, default: nil, path: .folder,
        help: "Folder for the results; it must not exist.",
        .notYet("the benchmark evaluation command"))
    package static let downloadMode = Parameter<String>(
        "download_mode", .evaluation, default: "reuse_dataset_if_exists",
        choices: ["reuse_dataset_if_exists", "reuse_cache_if_exists", "force_redownload"],
        help: "Whether tunectl pull FILE fetches datasets again that are there.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"))

    static let evaluationRows: [ParameterDescription] = [
        task.description, taskDir.description, batchSize.description, lang.description, nShot.description,
        saveDir.description, downloadMode.description,
    ]
}
