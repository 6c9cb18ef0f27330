/// Why a run could not begin or go on, beside what the modules below say themselves.
package enum TrainingError: Error, CustomStringConvertible {
    case relativePathWithoutWorkingDirectory(parameter: String, path: String)
    case noTrainingItems
    case noEvaluationItems
    /// The first update that went wrong, and where to go on from after the cause is removed.
    case notFinite(what: String, value: Double, step: Int, lastCheckpoint: String?)
    case metricMissing(name: String, available: [String])
    case cannotDraw(file: String, problem: String)
    case nothingToDo

    package var description: String {
        switch self {
        case .relativePathWithoutWorkingDirectory(let parameter, let path):
            "`\(parameter): \(path)` is a relative path, but the request has no working directory "
                + "(send `working_directory`, or give an absolute path)"
        case .noTrainingItems: "the data hold nothing to train on after preparation (see the notes about dropped rows)"
        case .noEvaluationItems:
            "an evaluation is asked for, but there is nothing to evaluate on (set `val_size` or `eval_dataset`)"
        case .notFinite(let what, let value, let step, let checkpoint):
            "the \(what) became \(value) at step \(step); "
                + (checkpoint.map { "the last good checkpoint is \($0)" } ?? "there is no checkpoint yet")
                + " (lower `learning_rate`, raise `warmup_steps`, or look for broken rows in the data)"
        case .metricMissing(let name, let available):
            "`metric_for_best_model` asks for \(name), which the evaluation does not report; "
                + "it reports \(available.joined(separator: ", "))"
        case .cannotDraw(let file, let problem): "\(file) cannot be drawn: \(problem)"
        case .nothingToDo: "neither `do_train` nor `do_eval` is set, so there is nothing to do (set `do_train: true`)"
        }
    }
}
