import Glibc
import JSONDocuments
import JobStore
import LinuxSystem
import RunConfiguration
import ServiceAPI

func submitJob(_ call: JobCall<JobSubmit>) throws {
    let parameters = call.parameters
    // A client that repeats a request whose answer was lost gets that answer, whatever has happened since.
    if let known = try knownJob(parameters.clientToken, call.caller, call.jobs) { return call.succeed(known) }
    try checkWorkingDirectory(parameters.workingDirectory)
    let kind = try requestedKind(parameters)
    var submission = try Submission(
        parameters.config, parameters.overrides ?? [], parameters.workingDirectory, call.caller,
        for: purpose(of: kind))
    submission.clientToken = parameters.clientToken
    submission.priority = parameters.priority ?? 0
    submission.after = parameters.after ?? []
    submission.kind = try kind ?? usualKind(parameters, submission.configuration)
    if let input = parameters.input, kind == .generate {
        submission.input = try absolutePath(
            of: call.caller.expandingHome(input), field: "input", in: parameters.workingDirectory)
    }
    let files = try PassedFiles(parameters.files ?? [], from: call.request)
    if files.isEmpty { return call.succeed(try submission.submit(to: call.jobs)) }
    try submission.check(call.jobs)
    try call.jobs.inputs.keep(files, on: call.jobs.loop) { [submission] result in
        do {
            var submission = submission
            submission.inputs = try result.get()
            call.succeed(try submission.submit(to: call.jobs))
        } catch {
            call.fail(error)
        }
    }
}

private func knownJob(_ token: String?, _ caller: Caller, _ jobs: JobTable) throws -> Job? {
    guard let token, let stored = try jobs.store.job(owner: caller.user, token: token) else { return nil }
    return jobs.view(try jobs.stored(stored.job.id))
}

/// The kind that a request names; kinds without an engine are refused by name.
private func requestedKind(_ parameters: JobSubmit.Parameters) throws -> JobKind? {
    let kind = try parameters.kind.map { name in
        guard let kind = JobKind(rawValue: name) else {
            throw ServiceError(
                .badRequest, "there is no kind of job \"\(name)\"",
                hint: "kinds are " + JobKind.allCases.map(\.rawValue).joined(separator: ", "), field: "kind")
        }
        return kind
    }
    if let kind, kind == .predict {
        throw ServiceError(
            .notAvailable, "jobs of kind \"\(kind.rawValue)\" are not available yet",
            hint: "train, evaluate, export and generate are", field: "kind")
    }
    guard (kind == .generate) == (parameters.input != nil) else {
        throw ServiceError(
            .badRequest, "a job of kind \"generate\" needs `input`, a JSON Lines file, and no other kind takes one",
            field: "input")
    }
    return kind == .train || kind == .evaluate ? nil : kind
}

/// What the rules of a kind are; nil for those that the configuration itself asks for.
private func purpose(of kind: JobKind?) -> RunConfiguration.Purpose? {
    switch kind {
    case .generate, .predict: .inference
    case .export: .export
    case .train, .evaluate, nil: nil
    }
}

/// What the configuration describes, which has to be what the request says.
private func usualKind(_ parameters: JobSubmit.Parameters, _ configuration: RunConfiguration) throws -> JobKind {
    let usual: JobKind =
        configuration.usualPurpose == .export
        ? .export
        : configuration[Parameters.doTrain] ? .train : configuration[Parameters.doPredict] ? .predict : .evaluate
    guard parameters.kind == nil || parameters.kind == usual.rawValue else {
        throw ServiceError(
            .badConfig,
            "the configuration describes a job of kind \"\(usual.rawValue)\", not \"\(parameters.kind ?? "")\"",
            hint: "see do_train and do_eval", field: "kind")
    }
    return usual
}

func forkJob(_ call: JobCall<JobFork>) throws -> Job {
    let parameters = call.parameters
    if let known = try knownJob(parameters.clientToken, call.caller, call.jobs) { return known }
    let parent = try call.jobs.stored(parameters.job)
    guard parent.job.kind == .train else {
        throw ServiceError(
            .conflict, "job \(parent.job.id) is of kind \"\(parent.job.kind.rawValue)\", which has no checkpoints",
            job: parent.job.id)
    }
    let (step, checkpoint) = try checkpoint(of: parent, at: parameters.at)
    let changes = parameters.overrides ?? []
    var overrides = parent.overrides + ["resume_from_checkpoint=\(quoted(checkpoint))"]
    if !changes.contains(where: { $0.hasPrefix("output_dir=") }) {
        overrides.append("output_dir=\(quoted(call.jobs.unusedOutput(beside: parent, step: step)))")
    }
    var submission = try Submission(
        parent.config, overrides + changes, parent.job.workingDirectory, call.caller)
    guard submission.configuration[Parameters.resumeFromCheckpoint] == .path(checkpoint) else {
        throw ServiceError(
            .badRequest, "a fork starts from the checkpoint that `at` names",
            hint: "leave out resume_from_checkpoint", field: "overrides")
    }
    submission.clientToken = parameters.clientToken
    submission.priority = parameters.priority ?? parent.job.priority
    submission.forkedFrom = parent.job.id
    submission.name = parent.job.name
    submission.kind = parent.job.kind
    submission.inputs = try call.jobs.inputs(forForkOf: parent)
    return try submission.submit(to: call.jobs)
}

/// A checkpoint of the job that was written to its end.
private func checkpoint(of parent: StoredJob, at wanted: Int?) throws -> (step: Int, path: String) {
    let names = (try? FileSystem.entries(of: parent.outputPath)) ?? []
    let steps = names.compactMap(CheckpointName.step).filter {
        FileSystem.isFile("\(parent.outputPath)/\(CheckpointName.folder(step: $0))/MANIFEST.json")
    }.sorted()
    guard let step = wanted ?? steps.last, steps.contains(step) else {
        let there = steps.map { String($0) }.joined(separator: ", ")
        throw ServiceError(
            .notFound,
            wanted.map { "job \(parent.job.id) has no checkpoint of step \($0)" }
                ?? "job \(parent.job.id) has no checkpoint",
            hint: steps.isEmpty ? "there is none in \(parent.outputPath)" : "there are those of steps \(there)",
            job: parent.job.id, field: "at")
    }
    return (step, "\(parent.outputPath)/\(CheckpointName.folder(step: step))")
}

/// A string as YAML reads it back, whatever is in it.
private func quoted(_ text: String) -> String { JSONValue.string(text).serialized(.compact) }

extension JobTable {
    /// Files that came with the parent's submission; they are there until it has succeeded.
    fileprivate func inputs(forForkOf parent: StoredJob) throws -> String? {
        guard let name = parent.inputs else { return nil }
        guard FileSystem.isDirectory(inputs.folder(name)) else {
            throw ServiceError(
                .notFound, "the files that came with job \(parent.job.id) are gone since it succeeded",
                hint: "submit its configuration again with resume_from_checkpoint and another output_dir",
                job: parent.job.id)
        }
        return try inputs.link(name)
    }

    /// `OUTPUT-at-STEP`, with a number behind it where that is taken.
    fileprivate func unusedOutput(beside parent: StoredJob, step: Int) -> String {
        let name = "\(parent.job.outputDirectory)-at-\(step)"
        for number in 1... {
            let candidate = number == 1 ? name : "\(name)-\(number)"
            let path = Path.resolve(candidate, in: parent.job.workingDirectory ?? "/")
            if FileSystem.kind(of: path) == nil, outputs[FileSystem.canonicalPath(path) ?? path] == nil {
                return candidate
            }
        }
        return name
    }
}

/// A job on its way into the queue.
struct Submission {
    let configuration: RunConfiguration
    let config: ConfigurationSource
    let overrides: [String]
    let workingDirectory: String?
    let caller: Caller
    var name: String
    var kind = JobKind.train
    var priority = 0
    var after: [String] = []
    var clientToken: String?
    var forkedFrom: String?
    var input: String?
    var inputs: String?

    init(
        _ config: ConfigurationSource, _ overrides: [String], _ workingDirectory: String?, _ caller: Caller,
        for purpose: RunConfiguration.Purpose? = nil
    ) throws {
        (configuration, self.overrides) = try caller.readConfiguration(config, overrides: overrides, for: purpose)
        self.config = config
        self.workingDirectory = workingDirectory
        self.caller = caller
        name = config.name.map(Path.lastComponent(of:)) ?? "job"
    }

    /// Where the job writes, and the parameter that says so.
    private var output: (folder: String, field: String) {
        kind == .export
            ? (configuration[Parameters.exportDir] ?? "", Parameters.exportDir.name)
            : (configuration[Parameters.outputDir], Parameters.outputDir.name)
    }

    private func outputPlace(_ jobs: JobTable) throws -> OutputPlace {
        let (folder, field) = output
        let path = try absolutePath(of: folder, field: field, in: workingDirectory)
        return try checkedOutputPlace(path, field: field, caller, jobs)
    }

    /// What can be refused before anything is copied.
    func check(_ jobs: JobTable) throws {
        _ = try outputPlace(jobs)
        try caller.requireReading(configuration, in: workingDirectory, jobs)
    }

    /// Stores the job; what was copied for it is removed when it is not accepted, or known already.
    func submit(to jobs: JobTable) throws -> Job {
        do {
            let job = try add(to: jobs)
            if let inputs, try jobs.stored(job.id).inputs != inputs { jobs.inputs.remove(inputs) }
            return job
        } catch {
            if let inputs { jobs.inputs.remove(inputs) }
            throw error
        }
    }

    private func add(to jobs: JobTable) throws -> Job {
        let place = try outputPlace(jobs)
        _ = try savedDataPlace(of: configuration, in: workingDirectory, user: caller.user, jobs)
        try caller.requireReading(configuration, in: workingDirectory, jobs)
        let references = JobReferences.jobs(in: configuration)
        var outputs: [String: String] = [:]
        var predecessors: [String] = []
        for id in after + references where !predecessors.contains(id) {
            let predecessor = try jobs.stored(id)
            try caller.require(owner: predecessor.job.owner, job: id)
            outputs[id] = predecessor.outputPath
            predecessors.append(id)
        }
        try requireOutputBesideBase(
            configuration,
            model: configuration[Parameters.modelNameOrPath].map { name in
                JobReferences.path(name) { outputs[$0] ?? "job:\($0)" }
            }, in: workingDirectory)
        var job = Job(
            id: "", name: name, kind: kind, state: .queued, owner: caller.user, priority: priority,
            outputDirectory: output.folder, workingDirectory: workingDirectory, submittedAt: Timestamp.now(),
            notes: configuration.notes)
        job.after = predecessors
        job.forkedFrom = forkedFrom
        job.input = input
        if kind == .train {
            job.matmulPrecision = configuration.matmulPrecisionInEffect(hasTiles: CPUFeatures.hasTiles)
        }
        // What was decided here holds wherever the job goes on.
        let decided = job.matmulPrecision.map { ["\(Parameters.matmulPrecision.name)=\($0)"] } ?? []
        // Neither references nor access tokens are kept as they were written.
        let isKeptAsGiven = references.isEmpty && configuration.secrets.isEmpty
        var stored = StoredJob(
            job: job,
            config: isKeptAsGiven
                ? config : JobReferences.resolved(configuration) { outputs[$0] ?? "job:\($0)" },
            overrides: (isKeptAsGiven ? overrides : []) + decided, clientToken: clientToken, outputPath: place.path)
        stored.inputs = inputs
        return try jobs.add(stored)
    }
}
