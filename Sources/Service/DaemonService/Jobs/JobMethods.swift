import Glibc
import JSONDocuments
import JobStore
import LinuxSystem
import RunConfiguration
import ServiceAPI

func submitJob(_ call: MethodCall<JobSubmit>) throws -> Job {
    let parameters = call.parameters
    if parameters.after?.isEmpty == false {
        throw ServiceError(
            .notAvailable, "`after` is not available yet", hint: "submit the job when the other has ended",
            field: "after")
    }
    let overrides = parameters.overrides ?? []
    let configuration = try readConfiguration(parameters.config, overrides: overrides)
    try checkWorkingDirectory(parameters.workingDirectory)
    let output = configuration[Parameters.outputDir]
    let outputPath = try absolutePath(of: output, field: "output_dir", in: parameters.workingDirectory)
    let job = Job(
        id: "", name: parameters.config.name.map(Path.lastComponent(of:)) ?? "job", kind: .train, state: .queued,
        owner: call.caller.user, priority: parameters.priority ?? 0, outputDirectory: output,
        workingDirectory: parameters.workingDirectory, submittedAt: Timestamp.now(), notes: configuration.notes)
    return try call.daemon.jobs.add(
        StoredJob(
            job: job, config: parameters.config, overrides: overrides, clientToken: parameters.clientToken,
            outputPath: FileSystem.canonicalPath(outputPath) ?? outputPath))
}

func showJob(_ call: MethodCall<JobGet>) throws -> Job {
    visible(try call.daemon.jobs.store.job(call.parameters.job).job, to: call.caller)
}

func listJobs(_ call: MethodCall<JobList>) throws -> JobList.Result {
    let limit = max(0, min(call.parameters.limit ?? 100, 10_000))
    let jobs = try call.daemon.jobs.store.jobs(states: call.parameters.states, limit: limit)
    return JobList.Result(jobs: jobs.map { visible($0.job, to: call.caller) })
}

func cancelJob(_ call: MethodCall<JobCancel>) throws -> Job {
    try requireOwnership(call.parameters.job, call.caller, call.daemon)
    return try call.daemon.jobs.cancel(call.parameters.job)
}

func watchJob(_ call: MethodCall<JobWatch>) throws {
    try requireOwnership(call.parameters.job, call.caller, call.daemon)
    try call.daemon.jobs.watch(
        call.parameters.job, since: max(0, call.parameters.since ?? 0), request: call.request)
}

func readJobLog(_ call: MethodCall<JobLogs>) throws -> JobLogs.Result {
    try requireOwnership(call.parameters.job, call.caller, call.daemon)
    let stored = try call.daemon.jobs.store.job(call.parameters.job)
    let offset = max(0, call.parameters.offset ?? 0)
    let limit = max(1, min(call.parameters.limit ?? 65536, 1 << 20))
    guard let file = try? FileDescriptor.open(call.daemon.jobs.logPath(of: stored.job.id), O_RDONLY) else {
        return JobLogs.Result(text: "", nextOffset: offset, isComplete: stored.job.state.isFinal)
    }
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

private func requireOwnership(_ id: String, _ caller: Caller, _ daemon: Daemon) throws {
    let job = try daemon.jobs.store.job(id).job
    guard caller.mayActOn(job.owner) else {
        throw ServiceError(.permission, "job \(id) belongs to another user", job: id)
    }
}

/// Others see that a job exists and how far it is, but no paths.
private func visible(_ job: Job, to caller: Caller) -> Job {
    if caller.mayActOn(job.owner) { return job }
    var shown = job
    shown.name = ""
    shown.outputDirectory = ""
    shown.workingDirectory = nil
    shown.error = job.error.map { ServiceError($0.kind, $0.kind.explanation, job: job.id) }
    shown.metrics = nil
    shown.notes = []
    return shown
}
