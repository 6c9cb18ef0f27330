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
        let path = try ModelFolder.locate(call.caller.expandingHome(name), workingDirectory: directory)
        let folder = FileSystem.canonicalPath(path) ?? path
        try call.caller.requireReading(folder, call.daemon)
        return folder
    }
}
