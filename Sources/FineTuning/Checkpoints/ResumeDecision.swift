import LinuxSystem
package import RunConfiguration

/// Whether a run starts anew or goes on from a checkpoint.
package enum ResumeDecision: Equatable, Sendable {
    case startAnew
    /// Goes on from the checkpoint at a path; `automatic` when nobody named it.
    case resume(path: String, automatic: Bool)

    /// What an output directory holds, as far as the decision needs it.
    package struct Findings: Equatable, Sendable {
        /// The newest checkpoint that verifies and can be gone on from.
        package var newestValid: String?
        /// The newest that verifies and holds weights alone.
        package var newestWeights: String?
        /// The newest of them that this very run wrote before it was interrupted.
        package var newestOwn: String?
        /// A finished model's file.
        package var finalModelFile: String?

        package init(
            newestValid: String? = nil, newestWeights: String? = nil, newestOwn: String? = nil,
            finalModelFile: String? = nil
        ) {
            self.newestValid = newestValid
            self.newestWeights = newestWeights
            self.newestOwn = newestOwn
            self.finalModelFile = finalModelFile
        }
    }

    static let modelFiles = [
        "adapter_model.safetensors", "adapter_model.bin", "model.safetensors", "model.safetensors.index.json",
        "pytorch_model.bin", "pytorch_model.bin.index.json",
    ]

    /// Decides (training-and-inference, 1.6).
    ///
    /// - Parameters:
    ///   - request: `resume_from_checkpoint`, its path already absolute
    ///   - overwrites: `overwrite_output_dir`
    ///   - isContinuation: the service starts a run again that had begun: it goes on from its own checkpoint,
    ///     whatever the configuration says about those that were there before
    package static func decide(
        request: ResumePoint?, overwrites: Bool, isContinuation: Bool, output: String, findings: Findings
    ) throws -> ResumeDecision {
        if isContinuation, let newest = findings.newestOwn { return .resume(path: newest, automatic: true) }
        switch request {
        case .path(let path): return .resume(path: path, automatic: false)
        case .newest:
            if let newest = findings.newestValid { return .resume(path: newest, automatic: false) }
            throw findings.newestWeights.map { CheckpointError.withoutOptimizer(path: $0) }
                ?? CheckpointError.nothingToResume(path: output)
        case nil: break
        }
        if overwrites { return .startAnew }
        if let newest = findings.newestValid { return .resume(path: newest, automatic: true) }
        // Of a run that is started again they are its own: weights alone do not lead on, and final files were cut
        // short while they were being written.
        if isContinuation { return .startAnew }
        if let weights = findings.newestWeights { throw CheckpointError.withoutOptimizer(path: weights) }
        if let file = findings.finalModelFile { throw CheckpointError.outputNotEmpty(path: output, file: file) }
        return .startAnew
    }

    /// Looks into an output directory; `run` names the run that asks.
    package static func findings(in output: String, run: String) -> (findings: Findings, passedOver: [String]) {
        let search = CheckpointFolders.newestValid(in: output)
        let isOwn = search.found?.manifest.run == run
        let own = isOwn ? search.found : CheckpointFolders.newestValid(in: output, run: run).found
        return (
            Findings(
                newestValid: search.found?.path, newestWeights: search.weightsOnly, newestOwn: own?.path,
                finalModelFile: modelFiles.first { FileSystem.isFile("\(output)/\($0)") }),
            search.passedOver
        )
    }
}
