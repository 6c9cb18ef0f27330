package import LinuxSystem

/// Why a checkpoint could not be written or used.
package enum CheckpointError: Error, CustomStringConvertible {
    /// No space: what the checkpoint takes and what the file system has.
    case diskFull(path: String, needed: Int, available: Int)
    case cannotWrite(path: String, cause: SystemError)
    case noManifest(path: String)
    /// A checkpoint whose files are not those that its manifest lists.
    case damaged(path: String, problem: String)
    /// It has weights, but no optimizer state that we can read: of another program, or of `save_only_model`.
    case withoutOptimizer(path: String)
    case notFound(path: String)
    /// The output folder has a finished model in it.
    case outputNotEmpty(path: String, file: String)
    case nothingToResume(path: String)
    /// Something in the checkpoint does not fit the run that wants to go on from it.
    case doesNotFit(path: String, problem: String)

    package var description: String {
        switch self {
        case .diskFull(let path, let needed, let available):
            "\(path): the disk is full: \(needed) bytes are needed, \(available) are available "
                + "(free some space, then requeue the job; it goes on from its last checkpoint)"
        case .cannotWrite(_, let cause): "\(cause)"
        case .noManifest(let path):
            "\(path): has no \(CheckpointManifest.fileName), so it was not written to its end by this program"
        case .damaged(let path, let problem): "\(path): is damaged: \(problem) (take an earlier checkpoint)"
        case .withoutOptimizer(let path):
            "\(path): has no \(OptimizerFile.name), so training cannot go on as if it had not stopped "
                + "(give it as `model_name_or_path` or `adapter_name_or_path` to start from its weights; "
                + "`overwrite_output_dir: true` starts anew)"
        case .notFound(let path): "\(path): there is no such checkpoint"
        case .outputNotEmpty(let path, let file):
            "output directory \(path) already holds \(file) "
                + "(set `overwrite_output_dir: true`, or give another `output_dir`)"
        case .nothingToResume(let path):
            "`resume_from_checkpoint: true`, but \(path) holds no complete checkpoint (leave it out to start anew)"
        case .doesNotFit(let path, let problem): "\(path): \(problem)"
        }
    }
}
