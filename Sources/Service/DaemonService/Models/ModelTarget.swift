import JobStore
import LinuxSystem
import ServiceAPI

/// The model folder and the adapter folder that a request is about.
struct ModelTarget: Equatable {
    var model: String
    var adapter: String?

    /// How many checkpoints of a job are tried, the newest first.
    private static let checkpointsTried = 3

    /// What a request's `model` and `adapter` stand for; several where a job's older checkpoints could stand in.
    static func resolve(
        model: String, adapter: String?, in directory: String?, _ call: MethodCall<some ServiceMethod>
    ) throws -> [ModelTarget] {
        try checkWorkingDirectory(directory)
        let adapter = adapter.flatMap { $0.isEmpty ? nil : $0 }
        if let id = JobWeights.job(in: model) {
            if adapter != nil {
                throw ServiceError(
                    .badRequest, "\(model) says which adapter is used already", hint: "leave out `adapter`",
                    field: "adapter")
            }
            let job = try JobWeights(of: id, call)
            return targets(of: job, on: job.base)
        }
        // A whole model takes the place of the base that was given.
        if let id = adapter.flatMap(JobWeights.job) {
            return targets(of: try JobWeights(of: id, call), on: try folder(model, in: directory, call))
        }
        let adapterPath = try adapter.map { try folder($0, in: directory, call) }
        return [ModelTarget(model: try folder(model, in: directory, call), adapter: adapterPath)]
    }

    private static func targets(of job: JobWeights, on base: String) -> [ModelTarget] {
        job.folders.prefix(checkpointsTried).map { folder in
            job.isWholeModel
                ? ModelTarget(model: folder, adapter: nil) : ModelTarget(model: base, adapter: folder)
        }
    }

    /// An existing folder or a name in the hub cache, without links.
    private static func folder(
        _ name: String, in directory: String?, _ call: MethodCall<some ServiceMethod>
    ) throws -> String {
        let path = try ModelFolder.locate(name, workingDirectory: directory)
        let folder = FileSystem.canonicalPath(path) ?? path
        try checkThatCallerMayRead(folder, call)
        return folder
    }

    /// The daemon reads its state directory as itself, so what lies there is for the owner of the job that wrote it.
    private static func checkThatCallerMayRead(_ folder: String, _ call: MethodCall<some ServiceMethod>) throws {
        let state = call.daemon.options.stateDirectory
        let root = FileSystem.canonicalPath(state) ?? state
        guard !call.caller.isAdministrator, folder == root || folder.hasPrefix(root + "/") else { return }
        let isOwn = try call.daemon.jobs.store.jobs().contains { stored in
            call.caller.mayActOn(owner: stored.job.owner)
                && (folder == stored.outputPath || folder.hasPrefix(stored.outputPath + "/"))
        }
        guard isOwn else {
            throw ServiceError(.permission, "\(folder) belongs to the service and to none of your jobs")
        }
    }
}
