import JobStore
import LinuxSystem
import ServiceAPI

/// The model folder and the adapter folder that a request is about.
struct ModelTarget: Equatable {
    var model: String
    var adapter: String?
}

/// A model and an adapter as a request names them.
struct ModelNames {
    private let model: String
    private let adapter: String?
    private let directory: String?

    /// How many checkpoints of a job are tried, the newest first.
    private static let checkpointsTried = 3

    /// - Parameter directory: where relative paths start
    init(model: String, adapter: String?, in directory: String?) throws {
        try checkWorkingDirectory(directory)
        self.model = model
        self.adapter = adapter.flatMap { $0.isEmpty ? nil : $0 }
        self.directory = directory
    }

    /// Whether one of them stands for what a job has trained.
    var nameAJob: Bool { [model, adapter].contains { $0.flatMap(JobWeights.job) != nil } }

    /// What they stand for where they name no job: existing folders or names in the hub cache, without links.
    func folders(for caller: Caller) throws -> ModelTarget {
        let adapter = try adapter.map { try folder($0, caller) }
        return ModelTarget(model: try folder(model, caller), adapter: adapter)
    }

    /// What they stand for, several where a job's older checkpoints could stand in; judged for who may read it.
    func targets(for caller: Caller, _ jobs: JobTable) throws -> [ModelTarget] {
        func judged(_ folder: String) throws -> String {
            try caller.requireReading(folder, jobs)
            return folder
        }
        if let id = JobWeights.job(in: model) {
            if adapter != nil {
                throw ServiceError(
                    .badRequest, "\(model) says which adapter is used already", hint: "leave out `adapter`",
                    field: "adapter")
            }
            let job = try JobWeights(of: id, for: caller, jobs)
            return Self.targets(of: job, on: job.base)
        }
        // A whole model takes the place of the base that was given.
        if let id = adapter.flatMap(JobWeights.job) {
            let job = try JobWeights(of: id, for: caller, jobs)
            return Self.targets(of: job, on: try judged(folder(model, caller)))
        }
        let target = try folders(for: caller)
        return [ModelTarget(model: try judged(target.model), adapter: try target.adapter.map(judged))]
    }

    private static func targets(of job: JobWeights, on base: String) -> [ModelTarget] {
        job.folders.prefix(checkpointsTried).map { folder in
            job.isWholeModel
                ? ModelTarget(model: folder, adapter: nil) : ModelTarget(model: base, adapter: folder)
        }
    }

    private func folder(_ name: String, _ caller: Caller) throws -> String {
        let path = try ModelFolder.locate(caller.expandingHome(name), workingDirectory: directory)
        return FileSystem.canonicalPath(path) ?? path
    }
}

/// The folders that a request is about, the first that can be read counting, and what their worker may read.
struct ModelAccess {
    var targets: [ModelTarget]
    var rights: ReadingRights?
}

extension MethodCall {
    /// Goes on with what names stand for. The table of jobs is asked, unless the caller may read everything and names no
    /// job: such requests never wait for a commit.
    func withAccess(to names: ModelNames, then: @escaping (ModelAccess) throws -> Void) throws {
        if caller.isAdministrator, !names.nameAJob {
            return try then(ModelAccess(targets: [names.folders(for: caller)], rights: nil))
        }
        ask(
            { [caller] jobs in
                ModelAccess(targets: try names.targets(for: caller, jobs), rights: try caller.readingRights(jobs))
            }, then: then)
    }
}
