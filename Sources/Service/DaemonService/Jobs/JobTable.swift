import Glibc
import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

/// Jobs from the queue to their end: starts workers, records what they say, tells watchers.
final class JobTable {
    let store: JobStore
    private let policy: SchedulingPolicy
    private let program: WorkerProgram
    private let stateDirectory: String
    private let limits: DaemonLimits
    private let loop: EventLoop
    private let logger: Logger
    private var running: [String: RunningJob] = [:]
    /// Jobs that wait for a retry's delay.
    private var delayed: Set<String> = []
    private var watchers: [String: [JobWatcher]] = [:]
    private var whenStopped: (() -> Void)?

    /// A job that has a worker.
    private final class RunningJob {
        var stored: StoredJob
        let worker: Worker
        /// Reported by the worker, not yet stored.
        var events: [(JobEvent.Kind, JSONObject)] = []
        var flushIsDue = false
        /// The answer to `worker.train`, once it is there.
        var outcome: Result<WorkerTrain.Result, ServiceError>?

        init(stored: StoredJob, worker: Worker) {
            self.stored = stored
            self.worker = worker
        }
    }

    init(
        store: JobStore, policy: SchedulingPolicy, program: WorkerProgram, stateDirectory: String,
        limits: DaemonLimits, loop: EventLoop, logger: Logger
    ) {
        self.store = store
        self.policy = policy
        self.program = program
        self.stateDirectory = stateDirectory
        self.limits = limits
        self.loop = loop
        self.logger = logger
    }

    // MARK: Requests

    func add(_ job: StoredJob) throws -> Job {
        if let live = try store.jobs(states: [.queued, .waiting, .running, .paused]).first(where: {
            $0.outputPath == job.outputPath
                && !($0.clientToken != nil && $0.clientToken == job.clientToken && $0.job.owner == job.job.owner)
        }) {
            throw ServiceError(
                .conflict, "job \(live.job.id) is going to write \(job.outputPath) too",
                hint: "wait for it, cancel it, or give another output_dir", job: live.job.id, field: "output_dir")
        }
        let stored = try store.add(job, at: Timestamp.now())
        startWhatMayRun()
        return try store.job(stored.job.id).job
    }

    func cancel(_ id: String) throws -> Job {
        var stored = try running[id]?.stored ?? store.job(id)
        if stored.job.state.isFinal || stored.cancelRequested { return stored.job }
        stored.cancelRequested = true
        if let job = running[id] {
            job.stored.cancelRequested = true
            try record(job.stored, [(.note, ["message": "cancellation was requested"])])
            // A step of a large model takes a while; the worker stops between two of them.
            job.worker.stop(reason: "cancel", gracePeriod: 120)
            return job.stored.job
        }
        delayed.remove(id)
        try finish(stored, as: .cancelled)
        return try store.job(id).job
    }

    func watch(_ id: String, since: Int64, request: IncomingRequest) throws {
        try flush(id)
        let stored = try store.job(id)
        let sequence = try store.lastSequence(of: id)
        let watcher = JobWatcher(request: request, lastSequence: since)
        // The snapshot and the registration happen in one turn of the loop, so nothing falls between them.
        watcher.sendSnapshot(stored.job, sequence: sequence)
        watcher.send(try store.events(of: id, since: since))
        if stored.job.state.isFinal {
            watcher.finish(stored.job)
            return
        }
        watchers[id, default: []].append(watcher)
        request.onCancel = { [weak self, weak watcher] in
            watcher?.cancel()
            self?.watchers[id]?.removeAll { $0 === watcher }
        }
    }

    func logPath(of id: String) -> String { "\(stateDirectory)/jobs/\(id)/worker.log" }

    // MARK: Recovery and stopping

    /// What a new daemon does with the jobs of the last one.
    func recover() throws {
        for stored in try store.jobs(states: [.queued, .waiting, .running]).reversed() {
            var stored = stored
            switch Scheduler.afterRestart(stored.job.state, cancelRequested: stored.cancelRequested) {
            case .keep: continue
            case .finishCancelled: try finish(stored, as: .cancelled)
            case .requeue:
                stored.job.state = .queued
                try record(
                    stored,
                    [(.state, ["state": "queued", "reason": "the daemon was restarted"])])
                logger.notice("job goes on after a restart", ["job": stored.job.id])
            }
        }
    }

    /// Stops every worker with a checkpoint and calls `completion` when all have ended.
    func stopAll(completion: @escaping () -> Void) {
        whenStopped = completion
        for job in running.values { job.worker.stop(reason: "shutdown", gracePeriod: 60) }
        if running.isEmpty { completion() }
    }

    // MARK: Scheduling

    func startWhatMayRun() {
        guard whenStopped == nil, let queued = try? store.jobs(states: [.queued]) else { return }
        let waiting = queued.map {
            WaitingJob(
                id: $0.job.id, priority: $0.job.priority, order: Int64($0.job.id) ?? 0,
                isDelayed: delayed.contains($0.job.id))
        }
        for id in Scheduler.jobsToStart(waiting: waiting, running: running.count, policy: policy) {
            guard let stored = queued.first(where: { $0.job.id == id }) else { continue }
            start(stored)
        }
    }

    private func start(_ queued: StoredJob) {
        var stored = queued
        let id = stored.job.id
        stored.job.attempt += 1
        stored.job.state = .running
        stored.job.startedAt = stored.job.startedAt ?? Timestamp.now()
        stored.job.error = nil
        do {
            try FileSystem.createDirectories("\(stateDirectory)/jobs/\(id)", mode: 0o700)
            try record(
                stored, [(.state, ["state": "running", "attempt": .integer(Int64(stored.job.attempt))])])
            let worker = try Worker(
                program, logPath: logPath(of: id), memoryLimit: limits.workerMemory, loop: loop)
            let job = RunningJob(stored: stored, worker: worker)
            running[id] = job
            worker.peer.onNotification = { [weak self] method, parameters in
                self?.heard(method, parameters, from: id)
            }
            worker.onExit = { [weak self] error in self?.workerEnded(id, error) }
            let parameters = WorkerTrain.Parameters(
                job: id, config: stored.config, overrides: stored.overrides,
                workingDirectory: stored.job.workingDirectory, attempt: stored.job.attempt,
                threads: limits.workerThreads)
            worker.peer.call(WorkerTrain.name, try JSONValue(encoding: parameters)) { [weak self] result in
                self?.answered(id, result)
            }
        } catch {
            let failure = MethodDispatch.serviceError(error)
            try? fail(stored, failure)
        }
    }

    // MARK: What workers say

    private func heard(_ method: String, _ parameters: JSONValue?, from id: String) {
        guard method == WorkerEvent.name, let job = running[id],
            let event = try? parameters?.decoded(as: WorkerEvent.self)
        else { return }
        job.events.append((event.kind, event.fields))
        apply(event, to: &job.stored)
        if job.flushIsDue { return }
        job.flushIsDue = true
        // Steps may follow each other within milliseconds; a transaction holds those of a short while.
        loop.after(0.05) { [weak self] in try? self?.flush(id) }
    }

    private func apply(_ event: WorkerEvent, to stored: inout StoredJob) {
        var progress = stored.job.progress ?? JobProgress(phase: "starting")
        switch event.kind {
        case .phase:
            progress.phase = event.fields["phase"]?.string ?? progress.phase
            if let total = event.fields["total_steps"]?.integer { progress.totalSteps = Int(total) }
            if let step = event.fields["step"]?.integer { progress.step = Int(step) }
        case .progress:
            progress.phase = "training"
            progress.step = event.fields["step"]?.integer.map { Int($0) } ?? progress.step
            progress.totalSteps = event.fields["total_steps"]?.integer.map { Int($0) } ?? progress.totalSteps
            progress.epoch = event.fields["epoch"]?.double ?? progress.epoch
            progress.loss = event.fields["loss"]?.double ?? progress.loss
            progress.gradientNorm = event.fields["grad_norm"]?.double ?? progress.gradientNorm
            progress.learningRate = event.fields["learning_rate"]?.double ?? progress.learningRate
            progress.tokensPerSecond = event.fields["tokens_per_second"]?.double ?? progress.tokensPerSecond
            progress.elapsed = event.fields["elapsed"]?.double ?? progress.elapsed
            progress.remaining = event.fields["remaining"]?.double ?? progress.remaining
        case .checkpoint: stored.failures = 0  // It got further than last time.
        case .state, .evaluation, .note: return
        }
        stored.job.progress = progress
    }

    private func flush(_ id: String) throws {
        guard let job = running[id] else { return }
        job.flushIsDue = false
        let events = job.events
        job.events = []
        if !events.isEmpty { try record(job.stored, events) }
    }

    private func answered(_ id: String, _ result: Result<JSONValue, RPCError>) {
        guard let job = running[id] else { return }
        switch result {
        case .success(let value):
            job.outcome = Result { try value.decoded(as: WorkerTrain.Result.self) }
                .mapError { ServiceError(.internalError, "the worker's answer cannot be read: \($0)") }
        case .failure(let error):
            if error.code == -32000 { return }  // The connection ended; the worker's exit tells why.
            job.outcome = .failure(ServiceError(error))
        }
        // It has nothing more to do; should it not end by itself, it is ended.
        job.worker.peer.closeWhenSent()
        loop.after(5) { [weak worker = job.worker] in worker?.kill() }
    }

    private func workerEnded(_ id: String, _ crash: ServiceError) {
        try? flush(id)
        guard let job = running.removeValue(forKey: id) else { return }
        do {
            try settle(job, crash)
        } catch {
            logger.error("a job's end could not be recorded", ["job": id, "reason": "\(error)"])
        }
        if running.isEmpty, let whenStopped {
            whenStopped()
        } else {
            startWhatMayRun()
        }
    }

    private func settle(_ job: RunningJob, _ crash: ServiceError) throws {
        var stored = job.stored
        switch job.outcome {
        case .success(let result)?:
            stored.job.metrics = result.metrics
            if result.outcome == "finished" {
                try finish(stored, as: .succeeded)
            } else if stored.cancelRequested {
                try finish(stored, as: .cancelled)
            } else {
                stored.job.state = .queued
                try record(stored, [(.state, ["state": "queued", "reason": "the daemon is stopping"])])
            }
        case .failure(let error)?: try stored.cancelRequested ? finish(stored, as: .cancelled) : fail(stored, error)
        case nil:
            if stored.cancelRequested {
                try finish(stored, as: .cancelled)
            } else if whenStopped != nil {
                stored.job.state = .queued
                try record(stored, [(.state, ["state": "queued", "reason": "the daemon is stopping"])])
            } else {
                try fail(stored, crash)
            }
        }
    }

    /// Retries what may succeed, ends what would fail again.
    private func fail(_ failed: StoredJob, _ error: ServiceError) throws {
        var stored = failed
        var error = error
        error.job = stored.job.id
        if error.kind.isTransient { stored.failures += 1 }
        switch Scheduler.afterFailure(error.kind, failures: stored.failures, policy: policy) {
        case .fail:
            stored.job.error = error
            try finish(stored, as: .failed)
        case .retry(let seconds):
            stored.job.state = .queued
            let id = stored.job.id
            delayed.insert(id)
            try record(
                stored,
                [(.state, ["state": "queued", "reason": .string(error.message), "retry_in": .number(seconds)])])
            loop.after(seconds) { [weak self] in
                self?.delayed.remove(id)
                self?.startWhatMayRun()
            }
        }
    }

    private func finish(_ ended: StoredJob, as state: JobState) throws {
        var stored = ended
        stored.job.state = state
        stored.job.finishedAt = Timestamp.now()
        var fields: JSONObject = ["state": .string(state.rawValue)]
        if let error = stored.job.error { fields["error"] = try JSONValue(encoding: error) }
        try record(stored, [(.state, fields)])
        for watcher in watchers.removeValue(forKey: stored.job.id) ?? [] { watcher.finish(stored.job) }
    }

    /// Stores, then tells the watchers.
    private func record(_ stored: StoredJob, _ events: [(JobEvent.Kind, JSONObject)]) throws {
        let recorded = try store.update(stored, events: events, at: Timestamp.now())
        for watcher in watchers[stored.job.id] ?? [] { watcher.send(recorded) }
        ServiceManager.notify("STATUS=\(running.count) running")
    }
}
