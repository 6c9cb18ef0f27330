import JSONDocuments
import JobStore
import LinuxSystem
import RunConfiguration
import ServiceAPI

/// What a job has trained so far, found in its output directory without reading a weight.
struct JobWeights {
    let job: String
    /// The folder that the job trains from.
    let base: String
    /// Whether the folders hold whole models and not adapters.
    let isWholeModel: Bool
    /// The newest first; a folder may go, or turn out damaged, before it is read.
    let folders: [String]

    private static let mostManifestBytes = 16 << 20

    /// The job that `job:ID` names; nil for everything else.
    static func job(in name: String) -> String? {
        guard name.hasPrefix("job:") else { return nil }
        return String(name.dropFirst(4))
    }

    init(of id: String, for caller: Caller, _ jobs: JobTable) throws {
        let stored = try jobs.store.job(id)
        try caller.require(owner: stored.job.owner, job: id)
        guard stored.job.kind == .train else {
            throw ServiceError(
                .badRequest, "job \(id) trains nothing; it is of kind \(stored.job.kind.rawValue)", job: id)
        }
        let configuration = try readConfiguration(stored.config, overrides: stored.overrides)
        job = id
        isWholeModel = !configuration[Parameters.finetuningType].trainsAdapter
        if !isWholeModel { try Self.checkThatBaseIsUnchanged(configuration, job: id) }
        let path = try ModelFolder.locate(
            configuration[Parameters.modelNameOrPath] ?? "", workingDirectory: stored.job.workingDirectory,
            hub: HubLookup(
                cacheFolder: configuration.hubCacheFolder(in: stored.job.workingDirectory),
                revision: configuration[Parameters.modelRevision]))
        base = FileSystem.canonicalPath(path) ?? path
        folders = Self.folders(of: stored, isWholeModel: isWholeModel)
        guard !folders.isEmpty else {
            throw ServiceError(
                .notFound, "job \(id) has no checkpoint yet",
                hint: stored.job.state.isFinal
                    ? "it ended before it wrote one"
                    : "`save_steps` in its configuration says when it writes one", job: id)
        }
    }

    /// An adapter that was trained on a changed base says nothing on the base as it lies on disk.
    private static func checkThatBaseIsUnchanged(_ configuration: RunConfiguration, job: String) throws {
        let adapters = configuration[Parameters.adapterNameOrPath] ?? []
        let merges = adapters.count > 1 || (!adapters.isEmpty && configuration[Parameters.createNewAdapter])
        guard merges || configuration[Parameters.trainFromScratch] else { return }
        throw ServiceError(
            .notAvailable,
            "job \(job) trains its adapter on \(merges ? "a base with other adapters merged into it" : "a random base")"
                + ", which is not on disk",
            hint: "export the merged model first and train on that", job: job,
            field: merges ? "adapter_name_or_path" : "train_from_scratch")
    }

    private static func folders(of stored: StoredJob, isWholeModel: Bool) -> [String] {
        let output = stored.outputPath
        let names = (try? FileSystem.entries(of: output)) ?? []
        let steps = names.compactMap(CheckpointName.step)
        let checkpoints = steps.sorted(by: >).map { "\(output)/\(CheckpointName.folder(step: $0))" }
            .filter { isWhole($0, job: stored.job.id) }
        let weights =
            isWholeModel ? ["model.safetensors", "model.safetensors.index.json"] : ["adapter_model.safetensors"]
        let hasResult = stored.job.state == .succeeded && weights.contains { FileSystem.isFile("\(output)/\($0)") }
        return (hasResult ? [output] : []) + checkpoints
    }

    /// Whether this job wrote the folder and every file of its manifest has its size; hashes are the reader's to check.
    private static func isWhole(_ folder: String, job: String) -> Bool {
        // The folder may belong to the job's owner, who could have put anything there.
        guard let tree = try? FileTree(path: folder),
            let bytes = try? tree.contents(of: "MANIFEST.json", limit: mostManifestBytes),
            let manifest = try? JSONValue(parsing: bytes), manifest["run"]?.string?.hasPrefix("job-\(job)-") == true,
            let files = manifest["files"]?.array
        else { return false }
        return files.allSatisfy { file in
            guard let name = file["name"]?.string, let size = file["size"]?.integer else { return false }
            return (try? tree.size(of: name)) == Int(size)
        }
    }
}
