import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

/// What a job's owner asks for.
extension JobTable {
    /// Puts a new job into the queue, or behind the jobs of `after`.
    func add(_ job: StoredJob) throws -> Job {
        var job = job
        if let other = outputs[job.outputPath] {
            throw ServiceError(
                .conflict, "job \(other) is going to write \(job.outputPath) too",
                hint: "wait for it, cancel it, or give another output_dir", job: other, field: "output_dir")
        }
        let unmet = try unmetDependencies(job.job.after, of: "the new job")
        job.job.state = unmet.isEmpty ? .queued : .waiting
        let stored = try store.add(job, at: Timestamp.now())
        logger.log(.jobQueued, ["job": stored.job.id, "user": String(stored.job.owner)])
        noteChange()
        outputs[stored.outputPath] = stored.job.id
        if stored.job.state == .queued { enqueue(stored) }
        dependencies.add(stored.job.id, after: unmet)
        startWhatMayRun()
        return view(try self.stored(stored.job.id))
    }

    /// Those of `ids` that have not succeeded; one that cannot any more is refused.
    private func unmetDependencies(_ ids: [String], of job: String) throws -> Set<String> {
        let states = try store.states(of: ids)
        for id in ids {
            guard let state = states[id] else { throw JobStoreError.noSuchJob(id) }
            if state == .failed || state == .cancelled {
                throw ServiceError(
                    .conflict, "job \(id), after which \(job) should run, is \(state.rawValue)",
                    hint: "requeue job \(id) first", job: id, field: "after")
            }
        }
        return Set(ids.filter { states[$0] != .succeeded })
    }

    func cancel(_ id: String) throws -> Job {
        try change(id, .cancelRequested, note: "cancellation was requested") { job in
            // A step of a large model takes a while; the worker stops between two of them.
            job.worker.stop(reason: "cancel", gracePeriod: 120)
        }
    }

    func pause(_ id: String) throws -> Job {
        try change(id, .pauseRequested, note: "a pause was requested") { job in
            job.worker.stop(reason: "pause", gracePeriod: 120)
        }
    }

    func resume(_ id: String) throws -> Job {
        let unmet = dependencies.unmet(of: id)
        let job = try change(
            id, .resumeRequested(hasUnmetDependencies: !unmet.isEmpty), note: "the pause was taken back")
        if job.state == .waiting { try checkDependencies(of: id) }
        startWhatMayRun()
        return view(try stored(id))
    }

    func requeue(_ id: String) throws -> Job {
        var stored = try stored(id)
        let unmet = stored.job.state.isFinal ? try unmetDependencies(stored.job.after, of: "job \(id)") : []
        if stored.job.state.isFinal, let other = outputs[stored.outputPath] {
            throw ServiceError(
                .conflict, "job \(other) writes \(stored.outputPath) now", hint: "requeue this one when it has ended",
                job: other)
        }
        stored.failures = 0
        // Model and data may be others by now; it is planned again.
        stored.job.memoryBytes = nil
        stored.job.memory = nil
        try apply(.requeueRequested(hasUnmetDependencies: !unmet.isEmpty), to: &stored)
        outputs[stored.outputPath] = id
        dependencies.add(id, after: unmet)
        startWhatMayRun()
        return view(try self.stored(id))
    }

    /// - Parameter stopping: what is done with the worker of a running job that got a wish
    @discardableResult
    private func change(
        _ id: String, _ occurrence: JobOccurrence, note: String, stopping: (RunningJob) -> Void = { _ in }
    ) throws -> Job {
        var stored = try stored(id)
        let before = stored.job.wish
        let isNews =
            stored.job.state == .running && before != (try? JobLifecycle.after(occurrence, stored.condition))?.wish
        try apply(occurrence, to: &stored, events: isNews ? [(.note, ["message": .string(note)])] : [])
        if let job = running[id], stored.job.wish != before, stored.job.wish != nil { stopping(job) }
        startWhatMayRun()
        return view(stored)
    }

    func prioritize(_ id: String, _ priority: Int) throws -> Job {
        var stored = try stored(id)
        guard stored.job.priority != priority else { return view(stored) }
        guard !stored.job.state.isFinal else {
            throw ServiceError(.conflict, "job \(id) is \(stored.job.state.rawValue)", job: id)
        }
        let old = stored.job.priority
        stored.job.priority = priority
        try record(&stored, [(.note, ["message": .string("the priority was \(old), is now \(priority)")])])
        if stored.job.state == .queued { enqueue(stored) }
        startWhatMayRun()
        return view(try self.stored(id))
    }

    /// Asks the worker for a checkpoint; the answer comes when it is complete.
    func checkpoint(_ id: String, completion: @escaping (Result<JobCheckpoint, ServiceError>) -> Void) throws {
        let stored = try stored(id)
        guard let job = running[id] else {
            throw ServiceError(
                .conflict, "job \(id) is \(stored.job.state.rawValue), so it has nothing new to save",
                hint: stored.job.checkpoint.map { "its newest checkpoint is \($0.path)" }, job: id)
        }
        job.worker.call(WorkerCheckpoint.name, [:]) { result in
            completion(
                result.mapError { error in
                    error.code == -32000
                        ? ServiceError(
                            .conflict, "the worker of job \(id) ended first",
                            hint: "`tunectl show \(id)` tells how; a worker that was stopped has written a checkpoint",
                            job: id) : ServiceError(error)
                }.flatMap { value in
                    Result { try value.decoded(as: JobCheckpoint.self) }
                        .mapError { ServiceError(.internalError, "the worker's answer cannot be read: \($0)") }
                })
        }
    }

    /// Forgets a job that has ended.
    func remove(_ id: String, purge: Bool) throws -> Job {
        let stored = try stored(id)
        guard stored.job.state.isFinal else {
            throw ServiceError(
                .conflict, "job \(id) is \(stored.job.state.rawValue)", hint: "cancel it first", job: id)
        }
        try store.remove([id])
        if let name = stored.inputs { inputs.remove(name) }
        if purge { try FileSystem.remove(folder(of: id)) }
        return view(stored)
    }
}

extension StoredJob {
    var condition: JobCondition { JobCondition(job.state, wish: job.wish) }
}
