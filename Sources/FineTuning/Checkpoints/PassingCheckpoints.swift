import Glibc
import LinuxSystem
import RunConfiguration

/// Checkpoints that a run wrote only because it was paused: they go when it has gone on, so that a paused run leaves what
/// it would have left without the pause.
extension CheckpointFolders {
    /// How much of a checkpoint is there for a pause only.
    package enum Share: Equatable, Sendable {
        case whole
        /// What was added to a checkpoint that stays.
        case files
    }

    /// The passing checkpoints of `run`, by step.
    package static func passing(in output: String, run: String) -> [Int: Share] {
        var shares: [Int: Share] = [:]
        for step in steps(in: output) {
            let path = "\(output)/\(CheckpointName.folder(step: step))"
            guard let manifest = try? CheckpointManifest.read(from: path), manifest.run == run else { continue }
            shares[step] = share(of: manifest)
        }
        return shares
    }

    private static func share(of manifest: CheckpointManifest) -> Share? {
        manifest.passing.map { Set(manifest.files.map(\.name)).isSubset(of: $0) ? .whole : .files }
    }

    /// Removes what of a checkpoint was there for a pause only.
    package static func letPass(step: Int, in output: OutputFolder) throws {
        let path = "\(output.path)/\(CheckpointName.folder(step: step))"
        let manifest = try CheckpointManifest.read(from: path)
        switch share(of: manifest) {
        case nil: return
        case .whole: try remove(steps: [step], in: output)
        case .files:
            let passing = Set(manifest.passing ?? [])
            let transaction = try CheckpointTransaction(step: step, in: output)
            try transaction.link(manifest.files.map(\.name).filter { !passing.contains($0) }, fromStep: step)
            // It keeps its place among the others, which are let go by age.
            _ = try transaction.commit(run: manifest.run, manifest.conditions, asOldAs: step)
        }
    }
}
