import Glibc
import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import RunConfiguration
import ServiceAPI

/// The place of a job's outputs, when this caller may have the service write there.
///
/// - Parameter field: the parameter that names it
func checkedOutputPlace(
    _ path: String, field: String = Parameters.outputDir.name, _ caller: Caller, _ jobs: JobTable
) throws -> OutputPlace {
    let place = try OutputPlace(path, field: field)
    try place.check(
        caller: caller.user, service: geteuid(), stateDirectory: jobs.stateDirectory
    ) { try jobs.store.hasJob(owner: caller.user, outputPath: place.path) }
    return place
}

/// Refuses to train a whole model into the folder that its base is read from.
///
/// - Parameter model: the base where `model_name_or_path` names a job
func requireOutputBesideBase(_ configuration: RunConfiguration, model: String? = nil, in directory: String?) throws {
    guard configuration[Parameters.doTrain], configuration[Parameters.finetuningType] != .lora,
        let name = model ?? configuration[Parameters.modelNameOrPath],
        let base = try? ModelFolder.locate(name, workingDirectory: directory),
        let output = FileSystem.place(
            of: Path.resolve(configuration[Parameters.outputDir], in: directory ?? "/")),
        output == FileSystem.canonicalPath(base)
    else { return }
    throw ServiceError(
        .badConfig, "output_dir \(output) is the folder of the base model, whose weights this run would replace",
        hint: "give another output_dir", field: "output_dir")
}

/// Where a run is going to write prepared data, nil when nowhere.
///
/// - Throws: `ServiceError` for a `tokenized_path` that this user may not have the service read or write
func savedDataPlace(
    of configuration: RunConfiguration, in workingDirectory: String?, user: UInt32, _ jobs: JobTable
) throws -> OutputPlace? {
    guard let given = configuration[Parameters.tokenizedPath], !JobReferences.isReference(given) else { return nil }
    let field = Parameters.tokenizedPath.name
    let place = try OutputPlace(absolutePath(of: given, field: field, in: workingDirectory), field: field)
    if place.isFilled, !configuration[Parameters.overwriteCache] {
        try place.checkReading(caller: user, service: geteuid(), stateDirectory: jobs.stateDirectory)
        return nil
    }
    try place.check(caller: user, service: geteuid(), stateDirectory: jobs.stateDirectory) {
        try jobs.store.owners(ofOutputAround: place.path).contains(user)
    }
    return place
}

func showJob(_ call: JobCall<JobGet>) throws -> Job {
    let jobs = call.jobs
    return call.caller.view(of: jobs.view(try jobs.stored(call.parameters.job)))
}

func listJobs(_ call: JobCall<JobList>) throws -> JobList.Result {
    let limit = max(0, min(call.parameters.limit ?? 100, 10_000))
    let jobs = try call.jobs.store.jobs(
        states: call.parameters.states, kinds: call.parameters.kinds, limit: limit)
    return JobList.Result(jobs: call.jobs.views(jobs).map { call.caller.view(of: $0) })
}

func cancelJob(_ call: JobCall<JobCancel>) throws -> Job {
    try call.jobs.cancel(call.parameters.job)
}

func pauseJob(_ call: JobCall<JobPause>) throws -> Job {
    try call.jobs.pause(call.parameters.job)
}

func resumeJob(_ call: JobCall<JobResume>) throws -> Job {
    try call.jobs.resume(call.parameters.job)
}

func requeueJob(_ call: JobCall<JobRequeue>) throws -> Job {
    try call.jobs.requeue(call.parameters.job)
}

func prioritizeJob(_ call: JobCall<JobPrioritize>) throws -> Job {
    try call.jobs.prioritize(call.parameters.job, call.parameters.priority)
}

func removeJob(_ call: JobCall<JobRemove>) throws -> Job {
    try call.jobs.remove(call.parameters.job, purge: call.parameters.purge ?? false)
}

func saveCheckpoint(_ call: JobCall<JobCheckpointNow>) throws {
    try call.jobs.checkpoint(call.parameters.job) { result in
        switch result {
        case .success(let checkpoint): call.succeed(checkpoint)
        case .failure(let error): call.fail(error)
        }
    }
}

func waitForJobs(_ call: JobCall<JobWait>) throws {
    let (ids, table, caller) = (call.parameters.jobs, call.jobs, call.caller)
    let states = try ids.map { try table.stored($0).job.state }
    let remaining = Set(zip(ids, states).filter { !$1.isFinal }.map(\.0))
    func answer() {
        do {
            call.succeed(JobWait.Result(jobs: try ids.map { caller.view(of: table.view(try table.stored($0))) }))
        } catch {
            call.fail(error)
        }
    }
    if remaining.isEmpty { return answer() }
    let waiter = JobWaiter(request: call.request, remaining: remaining) { _ in answer() }
    table.add(waiter, for: Array(remaining))
    call.request.onCancel = { [weak table, weak waiter] in
        // Only the table holds it.
        guard let waiter else { return }
        table?.remove(waiter)
        waiter.cancel()
    }
    if let seconds = call.parameters.timeout {
        call.jobs.loop.after(min(max(0, seconds), 1e9)) { [weak table, weak waiter] in
            guard let waiter, !waiter.remaining.isEmpty else { return }
            table?.remove(waiter)
            let names = waiter.remaining.sorted().joined(separator: ", ")
            waiter.fail(ServiceError(.timeOut, "not ended after \(seconds) s: job \(names)"))
        }
    }
}

func readMetrics(_ call: JobCall<JobMetrics>) throws -> JobMetrics.Result {
    let (id, jobs) = (call.parameters.job, call.jobs)
    try? jobs.flush(id)
    let (since, limit) = (max(0, call.parameters.since ?? 0), max(1, min(call.parameters.limit ?? 10_000, 100_000)))
    let isFinal = try jobs.stored(id).job.state.isFinal
    let metrics = try jobs.metrics(of: id, since: since, limit: limit)
    return JobMetrics.Result(
        metrics: metrics, since: metrics.last?.seq ?? since, isComplete: isFinal && metrics.count < limit)
}

func watchJob(_ call: JobCall<JobWatch>) throws {
    try call.jobs.watch(
        call.parameters.job, since: max(0, call.parameters.since ?? 0), request: call.request)
}

func readJobLog(_ call: JobCall<JobLogs>) throws -> JobLogs.Result {
    let stored = try call.jobs.stored(call.parameters.job)
    var offset = max(0, call.parameters.offset ?? 0)
    let limit = max(1, min(call.parameters.limit ?? 65536, 1 << 20))
    guard let file = try? FileDescriptor.open(call.jobs.logPath(of: stored.job.id), O_RDONLY) else {
        return JobLogs.Result(text: "", nextOffset: offset, isComplete: stored.job.state.isFinal)
    }
    // The oldest part of a large log has been given back.
    offset = GrowingLog.start(file, from: offset)
    lseek(file.number, off_t(offset), SEEK_SET)
    let bytes = wholeCharacters(try file.readAll(limit: limit))
    return JobLogs.Result(
        text: String(decoding: bytes, as: UTF8.self), nextOffset: offset + bytes.count,
        isComplete: stored.job.state.isFinal && bytes.isEmpty)
}

/// `bytes` without a UTF-8 sequence that the limit has cut at the end.
private func wholeCharacters(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes.count - start < 4 else { return bytes[...] }
    let lead = bytes[start]
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    return start + length > bytes.count && start > 0 ? bytes[..<start] : bytes[...]
}
